"""`snaptrace up`: both programs in one process tree, and what is shown of them."""
