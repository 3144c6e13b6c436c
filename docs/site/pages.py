"""A hook of mkdocs: what is written elsewhere enters the site and its navigation by itself.

Pages of methods lie in docs/methods; those of the API, one for each package, are made here and lie nowhere; others are
pages of the repository's root.
"""

from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "vidense"
# Its own help describes the command line.
LEFT_OUT = ("cli", "__main__")
FROM_ROOT = {"contributing.md": "CONTRIBUTING.md", "architecture.md": "ARCHITECTURE.md", "changelog.md": "CHANGELOG.md"}


def modules() -> dict[str, list[str]]:
    """Return the dotted names of the modules of each package; those right below vidense come first, under ``core``."""
    found: dict[str, list[str]] = {"core": []}
    for file in sorted(PACKAGE.rglob("*.py")):
        parts = file.relative_to(PACKAGE).with_suffix("").parts
        if parts[0] not in LEFT_OUT and parts[-1] != "__init__":
            package = parts[0] if len(parts) > 1 else "core"
            found.setdefault(package, []).append(".".join(("vidense", *parts)))
    return found


def made_pages() -> dict[str, str]:
    """Return the Markdown of the pages that do not lie in docs, by their place there."""
    found = {}
    for package, names in modules().items():
        title = "Modules of vidense itself" if package == "core" else f"vidense.{package}"
        found[f"api/{package}.md"] = "\n\n".join([f"# {title}", *(f"::: {name}" for name in names)]) + "\n"
    for place, file in FROM_ROOT.items():
        # Links there go down into docs; seen from the site they start in it.
        found[place] = (ROOT / file).read_text(encoding="utf-8").replace("](docs/", "](")
    return found


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Put the pages of methods and of packages into the navigation."""
    sections = {name: pages for item in config.nav or [] for name, pages in item.items()}
    methods = sorted((ROOT / "docs" / "methods").glob("*.md"))
    sections["Methods"] += [f"methods/{file.name}" for file in methods if file.name != "index.md"]
    sections["API"] += [{package: f"api/{package}.md"} for package in modules()]
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that do not lie in docs."""
    for place, text in made_pages().items():
        files.append(File.generated(config, place, content=text))
    return files
