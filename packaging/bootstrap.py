"""Sets up what is missing and runs Prism-H from a checkout: `python packaging/bootstrap.py setup|run|test`.

Needs nothing but Python: everything else goes into `.venv` in the checkout. A set-up that failed half-way is
repaired by the next call.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
ENVIRONMENT = CHECKOUT / ".venv"
CONSTRAINTS = CHECKOUT / "packaging" / "constraints.txt"
MARKER = ENVIRONMENT / "prismh-setup"
LOG = ENVIRONMENT / "prismh-setup.log"
DEMO = CHECKOUT / "demo"

OLDEST_PYTHON = (3, 10)
MOST_TEST_WORKERS = 4  # each takes 1 to 2 GB
CPU_INDEX = "https://download.pytorch.org/whl/cpu"
"""Where the PyTorch project offers its builds without CUDA, a tenth of the size."""

# What Qt loads on Linux, and the Debian package that holds it. The second part is for a window on a screen.
OFFSCREEN_LIBRARIES = {
    "libglib-2.0.so.0": "libglib2.0-0",
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
}
SCREEN_LIBRARIES = {
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-shape.so.0": "libxcb-shape0",
}


class SetupError(Exception):
    """Why set-up cannot go on, in a sentence that says what to do."""


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="bootstrap.py", description=__doc__, allow_abbrev=False)
    parser.add_argument("command", choices=("setup", "run", "test"))
    parser.add_argument("arguments", nargs=argparse.REMAINDER, help="run: for the program; test: for pytest")
    options = parser.parse_args(argv)
    try:
        set_up(screen=has_screen() and options.command == "run")
        if options.command == "run":
            return run(options.arguments)
        if options.command == "test":
            workers = min(os.cpu_count() or 1, MOST_TEST_WORKERS)
            # A file is one worker's: what its tests share is made once.
            flags = options.arguments or [f"--numprocesses={workers}", "--dist=loadfile"]
            return call([python(), "-m", "pytest", *flags], QT_QPA_PLATFORM="offscreen")
    except SetupError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def set_up(screen: bool) -> None:
    """Install what is missing. screen: whether a window is to be shown, which takes more of the system's libraries."""
    if sys.version_info < OLDEST_PYTHON:
        raise SetupError(
            f"Prism-H needs Python {dotted(OLDEST_PYTHON)} or newer, this is {dotted(sys.version_info[:2])}."
        )
    install_system_libraries(screen)
    wanted = fingerprint()
    if environment_works() and read(MARKER) == wanted:
        return
    make_environment()
    LOG.write_text("", encoding="utf-8")
    say("Installing packages into .venv: some minutes, and about 2 GB of disk ...")
    if wants_cpu_torch():
        install_cpu_torch()
    pip("install", "-c", CONSTRAINTS, "-e", f"{CHECKOUT}[dev]")
    say("Preparing the starter encoder ...")
    if logged([python(), "-m", "prismh_engine.models.starter"]) != 0:
        raise failed("The starter encoder could not be prepared")
    MARKER.write_text(wanted, encoding="utf-8")


def run(arguments: Sequence[str]) -> int:
    """Start the window; without a screen run the demo instead and take a picture of the window."""
    if has_screen():
        return call([python(), "-m", "app", *arguments])
    say(f"There is no screen here, so no window opens. Running the demo into {DEMO} instead:")
    code = call([python(), "-m", "prismh_engine.demo", "--output_dir", DEMO, *arguments])
    if code != 0:
        return code
    picture = DEMO / "window.png"
    window = [python(), "-m", "app", DEMO / "project", "--page", "explore", "--screenshot", picture]
    code = call(window, QT_QPA_PLATFORM="offscreen")
    if code == 0:
        say(f"Results: {DEMO / 'index.html'}\nA picture of the window: {picture}")
    return code


def fingerprint() -> str:
    """What an environment was made from; another one means that set-up has to run again."""
    digest = hashlib.sha256(dotted(sys.version_info[:2]).encode())
    for path in (CHECKOUT / "pyproject.toml", CONSTRAINTS):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def make_environment() -> None:
    """Make `.venv`, anew where it is broken or belongs to another Python."""
    if environment_works() and silent([python(), "-m", "pip", "--version"]) == 0:
        MARKER.unlink(missing_ok=True)
        return
    say("Making the environment .venv ...")
    made = subprocess.run(
        [sys.executable, "-m", "venv", "--clear", str(ENVIRONMENT)], capture_output=True, text=True, check=False
    )
    if made.returncode != 0:
        hint = " (on Debian and Ubuntu: sudo apt-get install python3-venv)" if sys.platform == "linux" else ""
        raise SetupError(f"Python could not make the environment {ENVIRONMENT}{hint}: {last_line(made.stdout)}")


def environment_works() -> bool:
    """Whether `.venv` holds a Python that starts and is of this version."""
    same = f"import sys; sys.exit(sys.version_info[:2] != {sys.version_info[:2]})"
    return Path(python()).exists() and silent([python(), "-c", same]) == 0


def wants_cpu_torch() -> bool:
    """Linux without an NVIDIA card: there the package index has only the CUDA build, 3 GB that nothing would use."""
    card = Path("/proc/driver/nvidia/version").exists() or shutil.which("nvidia-smi")
    return sys.platform == "linux" and not card


def install_cpu_torch() -> None:
    """Install torch without CUDA, from the index in use where it has that build, else from PyTorch's own.

    Where neither can be had, the ordinary build is installed with everything else: larger, but it works.
    """
    torch, torchvision = (f"{name}=={pinned(name)}+cpu" for name in ("torch", "torchvision"))
    if logged([python(), "-m", "pip", "install", "-c", CONSTRAINTS, torch]) == 0:
        return
    patience = ["--retries", "1", "--timeout", "20", "--extra-index-url", CPU_INDEX]
    if logged([python(), "-m", "pip", "install", "-c", CONSTRAINTS, *patience, torch, torchvision]) != 0:
        say("PyTorch's CPU build cannot be had here: the build for graphics cards is installed, which is larger.")


def pinned(package: str) -> str:
    """The tested version of a package."""
    found = re.search(rf"^{package}==([^\s;]+)", CONSTRAINTS.read_text(encoding="utf-8"), re.MULTILINE)
    if found is None:
        raise SetupError(f"{CONSTRAINTS} names no version of {package}: restore that file.")
    return found[1]


def pip(*arguments: str | Path) -> None:
    if logged([python(), "-m", "pip", *arguments]) != 0:
        raise failed("Installing the packages failed")


def failed(what: str) -> SetupError:
    reason = last_line(read(LOG) or "")
    return SetupError(
        f"{what}: {reason} Check the network connection and the free disk space, then call this again; "
        f"it goes on where it stopped. Everything that was printed is in {LOG}."
    )


def install_system_libraries(screen: bool) -> None:
    """Install the libraries Qt loads on Linux: by apt where this is root, else say what to type."""
    if sys.platform != "linux":
        return
    packages = missing_packages(screen)
    if not packages:
        return
    command = ["apt-get", "install", "-y", "--no-install-recommends", *packages]
    if os.geteuid() == 0 and shutil.which("apt-get"):
        say(f"Installing system packages: {' '.join(packages)} ...")
        if silent(command, DEBIAN_FRONTEND="noninteractive") != 0:
            silent(["apt-get", "update"])
            silent(command, DEBIAN_FRONTEND="noninteractive")
        packages = missing_packages(screen)
    if packages:
        raise SetupError(
            f"The window needs some system packages. Type this, then call again:\n  sudo {' '.join(command)}"
        )


def missing_packages(screen: bool) -> list[str]:
    """The Debian packages whose library cannot be loaded."""
    libraries = OFFSCREEN_LIBRARIES | (SCREEN_LIBRARIES if screen else {})
    return [package for library, package in libraries.items() if not loads(library)]


def loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def has_screen() -> bool:
    return sys.platform != "linux" or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def python() -> str:
    """The environment's Python."""
    place = ("Scripts", "python.exe") if sys.platform == "win32" else ("bin", "python")
    return str(ENVIRONMENT.joinpath(*place))


def call(command: Sequence[str | Path], **environment: str) -> int:
    """Run a program in the checkout, in the foreground; return its exit code."""
    with subprocess.Popen(list(map(str, command)), cwd=CHECKOUT, env=os.environ | environment) as child:
        while child.poll() is None:
            with contextlib.suppress(KeyboardInterrupt):  # the terminal told the child too: it saves, and then ends
                child.wait()
    return child.returncode


def logged(command: Sequence[str | Path]) -> int:
    """Run a program with everything it prints added to the log; return its exit code."""
    with LOG.open("ab") as log:
        return subprocess.run(
            list(map(str, command)), cwd=CHECKOUT, stdout=log, stderr=subprocess.STDOUT, check=False
        ).returncode


def silent(command: Sequence[str], **environment: str) -> int:
    """Run a program and show nothing of it; return its exit code, or 127 where it cannot be started."""
    try:
        return subprocess.run(command, env=os.environ | environment, capture_output=True, check=False).returncode
    except OSError:
        return 127


def read(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None


def last_line(text: str) -> str:
    """What a program complained of: its last line that begins with ERROR, else its last line."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line.removeprefix("ERROR:").strip() for line in lines if line.startswith("ERROR:")]
    return (errors or lines or ["no reason was given."])[-1]


def dotted(version: Sequence[int]) -> str:
    return ".".join(map(str, version))


def say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
