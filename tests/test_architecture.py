"""Imports point one way: down the table of layers in ARCHITECTURE.md, without a cycle."""

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.source_tree import ROOT, SOURCE, imports, module_name, python_files


def layers() -> dict[str, int]:
    """Return the layer of each unit (a module or a package directly below vidense), as ARCHITECTURE.md says it."""
    rows = re.findall(r"^\| (\d+) \| (.*?) \|", (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8"), re.MULTILINE)
    return {unit.rstrip("/"): int(number) for number, units in rows for unit in re.findall(r"`([\w/]+)`", units)}


LAYERS = layers()
# The package itself gathers the library's names from everywhere, so only the command line may use it.
TOP = max(LAYERS.values())
MODULES = {module_name(path): path for path in python_files("src/vidense")}


def unit(module: str) -> str:
    """Return the unit a module belongs to; the package itself, which only gathers names, is ''."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else ""


def layer(module: str) -> int:
    return LAYERS.get(unit(module), TOP)


def module_of(name: str) -> str | None:
    """Return the module of ours that an imported name is or lives in."""
    if name in MODULES:
        return name
    parent = name.rpartition(".")[0]
    return parent if parent in MODULES else None


def own_imports(path: Path, *, only_at_load: bool = False) -> set[str]:
    names = [name for name in imports(path, only_at_load=only_at_load) if name.split(".")[0] == "vidense"]
    # The version is a constant of the package itself, which loads nothing else.
    found = {module_of(name) for name in names if name != "vidense.__version__"}
    return {name for name in found if name} - {module_name(path)}


def upward(modules: dict[str, Path]) -> list[str]:
    """Return the imports that point to a later layer."""
    return [
        f"{name} (layer {layer(name)}) imports {other} (layer {layer(other)})"
        for name, path in modules.items()
        for other in own_imports(path)
        if layer(other) > layer(name)
    ]


def cycles(graph: dict[str, set[str]]) -> list[set[str]]:
    """Return the groups of modules that reach each other."""
    reach = {name: set(targets) for name, targets in graph.items()}
    for middle in graph:
        for targets in reach.values():
            if middle in targets:
                targets |= reach[middle]
    groups = {frozenset(o for o in reach[n] if o in reach and n in reach[o]) for n in graph if n in reach[n]}
    return [set(group) for group in groups]


def run_python(code: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(SOURCE)}
    return subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)


def test_the_table_is_read():
    assert LAYERS["errors"] == 1 and LAYERS["nets"] == 2 and LAYERS["cli"] == max(LAYERS.values())


def test_every_module_has_a_layer():
    missing = {unit(name) for name in MODULES} - set(LAYERS) - {"", "__main__"}
    assert not missing, f"add {sorted(missing)} to the table of layers in ARCHITECTURE.md"


def test_no_import_points_to_a_later_layer():
    known = {name: path for name, path in MODULES.items() if unit(name) in LAYERS}
    assert upward(known) == []


def test_no_import_cycle():
    graph = {name: own_imports(path, only_at_load=True) for name, path in MODULES.items()}
    assert cycles(graph) == []


def test_the_engine_knows_no_method():
    engine = [path for name, path in MODULES.items() if unit(name) == "engine"]
    assert [path for path in engine for name in own_imports(path) if unit(name) == "methods"] == []


def torch_free() -> list[str]:
    first = ["errors", "registry", "records", "runlog", "durations", "config", "statistics"]
    return [name for name in MODULES if unit(name) in (*first, "report", "monitor")]


def test_records_and_reports_do_not_name_torch():
    found = {name: [o for o in imports(MODULES[name]) if o.split(".")[0] == "torch"] for name in torch_free()}
    assert not any(found.values()), found


def test_the_package_itself_loads_nothing_of_ours():
    assert own_imports(MODULES["vidense"], only_at_load=True) == set()


def test_records_and_reports_load_without_torch():
    loads = "; ".join(f"import {name}" for name in ["vidense", *torch_free()])
    done = run_python(f"import sys; {loads}; sys.exit('torch' in sys.modules)")
    assert done.returncode == 0, f"torch came in\n{done.stderr}"


def test_every_module_loads_first():
    """Each module in its own right: an order that happens to work must not hide a cycle."""
    code = (
        "import sys, importlib\n"
        f"for name in {sorted(MODULES)!r}:\n"
        "    if name.endswith('__main__'): continue\n"
        "    for loaded in [m for m in sys.modules if m.split('.')[0] == 'vidense']: del sys.modules[loaded]\n"
        "    importlib.import_module(name)\n"
    )
    done = run_python(code)
    assert done.returncode == 0, done.stderr


def test_measure_finds_a_cycle():
    graph = {"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": {"d"}}
    assert sorted(map(sorted, cycles(graph))) == [["b", "c"], ["d"]]
    assert cycles({"a": {"b", "c"}, "b": {"c"}, "c": set()}) == []


def test_measure_resolves_every_form_of_import(tmp_path):
    package = tmp_path / "vidense" / "data"
    package.mkdir(parents=True)
    file = package / "x.py"
    file.write_text(
        "import a.b\nfrom . import spec\nfrom ..errors import E\nif TYPE_CHECKING:\n    import t\n"
        "def f():\n    from vidense.nets import n\n"
    )
    always = ["a.b", "vidense.data.spec", "vidense.errors.E"]
    assert list(imports(file, tmp_path, only_at_load=True)) == always
    assert list(imports(file, tmp_path)) == [*always, "t", "vidense.nets.n"]


def test_measure_finds_an_import_that_points_the_wrong_way(tmp_path):
    file = tmp_path / "vidense" / "nets" / "bad.py"
    file.parent.mkdir(parents=True)
    file.write_text("from vidense.engine import condense\n\n\ndef f():\n    from vidense.errors import UserError\n")
    names = list(imports(file, tmp_path))
    assert [name for name in names if layer(module_of(name) or name) > layer("vidense.nets.bad")] == [names[0]]
    assert layer("vidense.cli.main") > layer("vidense.report.page") > layer("vidense.records")
    assert layer("vidense") == TOP
