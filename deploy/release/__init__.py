"""Parts of a release: built, checked and named by digest before any is published."""
