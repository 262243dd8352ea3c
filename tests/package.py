"""Build the wheel, install it into an empty environment, run it there, and check its types."""

import subprocess
import sys
import tempfile
import venv
import zipfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
EXPECTED = {"normstat/py.typed", "normstat/statsfile/stats-1.schema.json", "normstat/cli/app.py"}


def run(*command: str | Path, cwd: Path) -> str:
    """What a command prints; an error if it fails."""
    print("+", *command, flush=True)
    return subprocess.run(command, check=True, cwd=cwd, text=True, stdout=subprocess.PIPE).stdout


def main() -> None:
    """Fail if the wheel lacks something that only a checkout has."""
    with tempfile.TemporaryDirectory() as folder:
        empty = Path(folder)
        run(sys.executable, "-m", "build", "--wheel", "-o", empty / "dist", ROOT, cwd=empty)
        (wheel,) = (empty / "dist").glob("*.whl")
        names = set(zipfile.ZipFile(wheel).namelist())
        if missing := EXPECTED - names:
            sys.exit(f"the wheel lacks {missing}")
        if strangers := {name for name in names if not name.startswith("normstat")}:
            sys.exit(f"the wheel has what is not its own: {strangers}")
        venv.create(empty / "venv", with_pip=True)
        scripts = empty / "venv" / ("Scripts" if sys.platform == "win32" else "bin")
        run(scripts / "python", "-m", "pip", "install", "-q", wheel, cwd=empty)
        run(scripts / "python", ROOT / "tests" / "demo.py", empty, cwd=empty)
        print(run(scripts / "normstat", "--version", cwd=empty), end="")
        arguments = ["compute", "photos", "--allow-unreadable", "1", "-j", "2"]
        run(scripts / "normstat", *arguments, cwd=empty)
        run(scripts / "python", "-m", "normstat", "show", "stats.json", cwd=empty)
        usual = (empty / "stats.json").read_bytes()
        script = (
            "import normstat; normstat.save(normstat.compute('photos', workers=0), 'again.json')"
        )
        run(scripts / "python", "-c", script, cwd=empty)
        if (empty / "again.json").read_bytes() != usual:
            sys.exit("Python and the command line differ")
        # The types that a user has are those of the package, not of the checkout.
        types = ["-m", "mypy", "--strict", "--python-executable", scripts / "python"]
        print(run(sys.executable, *types, ROOT / "tests" / "typing", cwd=empty), end="")
    print("the wheel works in an empty environment")


if __name__ == "__main__":
    main()
