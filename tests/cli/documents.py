#!/usr/bin/env python3
"""README.md and the man page against the program: every command in them runs, every option is one, and every option of
the program is in the man page."""
import json
import os
import re
import shlex
import shutil
import subprocess

from harness import *

README = open(os.path.join(ROOT, "README.md"), encoding="utf-8").read()
MAN = open(os.path.join(ROOT, "app/cli/wavediffusion-cli.1"), encoding="utf-8").read()
tables = json.loads(cli("help", "--json").stdout)
common = {o["name"] for o in tables["common"]}
options = {c["name"]: {o["name"] for o in c["options"]} for c in tables["commands"]}


def run_all(where, text):
    lines = [line.strip() for line in text.splitlines() if line.strip().startswith("wavediffusion-cli ")]
    ok(len(lines) > 0, f"{where} has commands to run")
    for line in lines:
        r = cli(*shlex.split(line, comments=True)[1:])
        ok(r.returncode == 0, f"{where}: {line}", described(r))


# Each document starts from an empty folder, as its reader does, with the model that is shipped; where the tree has none,
# one of random weights stands for it.
def place_model():
    shipped = os.path.join(ROOT, "resources/models/default")
    os.makedirs("resources/models")
    if os.path.exists(shipped):
        os.symlink(shipped, "resources/models/default")
    else:
        subprocess.run([os.environ["WD_MAKE_MODEL"], "resources/models/default"], check=True)


blocks = re.findall(r"^```sh\n(.*?)^```", README, re.DOTALL | re.MULTILINE)
os.mkdir("readme")
os.chdir("readme")
place_model()
run_all("README.md", "\n".join(blocks))
os.chdir("..")
os.mkdir("man")
os.chdir("man")
place_model()
run_all("man page", "\n".join(re.findall(r"^\.Bd -literal.*?\n(.*?)^\.Ed", MAN, re.DOTALL | re.MULTILINE)))
os.chdir("..")

# Whatever is said in passing names commands that there are.
for word in sorted(set(re.findall(r"wavediffusion-cli ([a-z]+)", README + MAN))):
    ok(word in options or word == "help", f"there is a command {word}")
for path in sorted(set(re.findall(r"\]\(([^)#]+)\)", README)) | set(re.findall(r"`((?:app|tests|solver|model|render|resources)/[^`\s]*)`", README))):
    ok(os.path.exists(os.path.join(ROOT, path)), f"README.md: {path} is there")
for script in ("app/run.sh", "tests/run.sh"):
    first_screen = "\n".join(README.splitlines()[:16])
    ok(f"sh {script}" in first_screen and os.path.exists(os.path.join(ROOT, script)), f"the first screen gives sh {script}")
ok("](resources/pictures/" in "\n".join(README.splitlines()[:16]), "the first screen shows a picture")

if shutil.which("mandoc"):
    lint = subprocess.run(["mandoc", "-Tlint", "-W", "warning", os.path.join(ROOT, "app/cli/wavediffusion-cli.1")],
                          capture_output=True, text=True)
    ok(lint.returncode == 0, "mandoc finds nothing in the man page", lint.stdout)
else:
    skip("mandoc is not installed")

# The man page, section by section.
sections = re.split(r"^\.S[sh] ", MAN, flags=re.MULTILINE)
body = {s.split("\n", 1)[0].strip(): s for s in sections}


def listed(text):
    """Options that head an entry (.It Fl ...)."""
    return set(re.findall(r"^\.It Fl (?:\w , )?-([a-z][a-z-]*)", text, re.MULTILINE))


acquisition = listed(body["Options of the acquisition"])
ok(listed(body["Options of every command"]) == common, "man page: the options of every command",
   listed(body["Options of every command"]) ^ common)
for name, has in options.items():
    said = listed(body.get(name, ""))
    shares = acquisition if acquisition <= has else set()
    ok(said | shares == has, f"man page: {name} has these options and no other",
       f"not in the man page: {has - said - shares}; not in the program: {said - has}")
    if name in ("simulate", "gradient", "bench"):
        ok(bool(shares), f"man page: {name} shares the options of the acquisition", acquisition - has)
letters = {c["name"]: {o["name"]: o.get("letter") for o in c["options"]} for c in tables["commands"]}
for name in options:
    text = body.get(name, "") + body["Options of the acquisition"]
    wrong = [(letter, option) for letter, option in re.findall(r"^\.It Fl (\w) , -([a-z-]+)", text, re.MULTILINE)
             if option in letters[name] and letters[name][option] != letter]
    ok(not wrong, f"man page: {name}'s letters", wrong)
done()
