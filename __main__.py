"""`python -m lineament COMMAND …`: the same as `lineament COMMAND …`."""

import sys

from .apps.cli import main

sys.exit(main())
