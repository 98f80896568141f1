"""How a bare interpreter becomes a process of the worker.

The command line holds a loader of two lines. The bytes of `opening` follow on standard input,
before the first frame.
"""

from __future__ import annotations

import marshal

from .frames import MARSHAL_VERSION

LOADER = (
    "import sys,os,marshal;r=lambda n,b=b'':b if len(b)==n else "
    "r(n,b+(os.read(0,min(65536,n-len(b)))or sys.exit(1)));"
    "s,o=marshal.loads(r(int.from_bytes(r(8),'little')));exec(s);start(*o)"
)
"""For `python3 -c`: read a marshalled (starter source, its arguments), run it."""

_STARTER = """
import marshal, sys
from _frozen_importlib import ModuleSpec

class Modules(dict):
    def find_spec(self, name, path=None, target=None):
        return ModuleSpec(name, self, is_package="." not in name) if name in self else None
    def create_module(self, spec):
        return None
    def exec_module(self, module):
        name = module.__name__
        body = self[name]
        if isinstance(body, str):
            code = compile(body, "<" + name + ">", "exec", 0, True)
        else:
            code = marshal.loads(body)
        exec(code, module.__dict__)

def start(modules, entry, options):
    sys.meta_path.append(Modules(modules))
    __import__(entry, None, None, ["main"]).main(options, modules)
"""


def opening(modules: dict[str, str | bytes], entry: str, options: dict[str, object]) -> bytes:
    """The bytes that start a process of the worker.

    Args:
        modules: name of a module → its source text, or its marshalled code.
        entry: the module whose `main` is called with `options` and `modules`.
        options: plain values.
    """
    data = marshal.dumps((_STARTER, (modules, entry, options)), MARSHAL_VERSION)
    return len(data).to_bytes(8, "little") + data
