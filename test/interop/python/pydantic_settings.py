# The package of this name took BaseSettings out of pydantic 2; Debian 12 has pydantic 1, where it still stands itself.
# Later Debians have the package, which comes first then.
import importlib.machinery
import sys

here = __file__.rpartition("/")[0]
elsewhere = [path for path in sys.path if path not in ("", here)]
spec = importlib.machinery.PathFinder.find_spec(__name__, elsewhere)
if spec is None:
    from pydantic import BaseSettings  # noqa: F401
else:
    spec.loader.exec_module(sys.modules[__name__])
