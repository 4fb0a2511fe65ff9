"""`python -m snaptrace` is `snaptrace`."""

import sys

from snaptrace.cli import main

sys.exit(main())
