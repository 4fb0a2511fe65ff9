"""Decisions of people and judge models on discordant pairs."""
