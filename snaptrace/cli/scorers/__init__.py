"""Commands about scorers of a team's own."""
