#!/usr/bin/env python3
"""The frame of the command line: help, version, options, suggestions, exit codes, progress, JSON."""
import json
import os
import pty
import re
import subprocess

from harness import *

tables = json.loads(cli("help", "--json").stdout)
commands = [c["name"] for c in tables["commands"]]
for wanted in ("simulate", "compare", "gradient", "generate", "info", "convert", "render", "bench"):
    ok(wanted in commands, f"there is a command {wanted}")

r = cli("--version")
ok(r.returncode == 0 and re.match(r"wavediffusion-cli \d+\.\d+\.\d+ \(", r.stdout), "--version", described(r))
r = cli("--help")
ok(r.returncode == 0 and all(f"  {c} " in r.stdout for c in commands), "--help names every command", described(r))
r = expect(1, "no command", error="which command")
ok(r.stdout == "", "usage errors write nothing on standard output", r.stdout)
expect(1, "unknown command", "simulat", error="did you mean simulate?")
expect(1, "nothing near", "xyzzyplugh", error="--help")

for command in tables["commands"]:
    name = command["name"]
    r = cli(name, "--help")
    words = set(re.findall(r"--[a-z][a-z-]*", r.stdout))
    missing = [o["name"] for o in command["options"] + tables["common"] if "--" + o["name"] not in words]
    ok(r.returncode == 0 and not missing and r.stderr == "", f"{name} --help names every option",
       f"missing {missing}\n{described(r)}")
    long = [line for line in r.stdout.splitlines() if len(line) > 104 and "  wavediffusion-cli" not in line]
    long += [line for line in r.stdout.splitlines() if line != line.rstrip()]
    ok(not long, f"{name} --help fits 104 columns, no trailing blanks", "\n".join(long))
    r2 = cli("help", name)
    ok(r2.stdout == r.stdout, f"help {name} is {name} --help")
    expect(1, f"{name}: unknown option", name, "--no-such-thing", error="--no-such-thing")
    letters = [o["letter"] for o in command["options"] + tables["common"] if "letter" in o]
    ok(len(letters) == len(set(letters)), f"{name}: no letter stands for two options", letters)
    names = [o["name"] for o in command["options"] + tables["common"]]
    ok(len(names) == len(set(names)), f"{name}: no name stands for two options", names)

np.save("v.npy", velocity())
here = ["simulate", "--velocity", "v.npy", "--output", "s.npy"]
expect(1, "an option misspelt", "simulate", "--velosity", "v.npy", error="did you mean --velocity?")
expect(1, "an option missing", "simulate", "--velocity", "v.npy", error="--output is missing")
expect(1, "a value missing", *here, "--mode", error="--mode needs a value")
expect(1, "a word that is no choice", *here, "--mode", "precise", error="exact|fast|live")
expect(1, "a number out of range", *here, "--shots", "0", error="from 1 to 1000")
expect(1, "no number", *here, "--frequency", "high", error="expected a number")
expect(1, "NaN is no number", *here, "--dt", "nan", error="expected a number")
expect(1, "a number with a tail", *here, "--samples", "100x", error="whole number")
expect(1, "an option given twice", *here, "--velocity", "v.npy", error="given twice")
expect(1, "a flag with a value", *here, "--zero-last=yes", error="takes no value")
expect(1, "a stray word", *here, "stray", error="unexpected word 'stray'")
expect(1, "an unknown letter", *here, "-Z", error="unknown option -Z")
expect(1, "a count that is negative", "generate", "--family", "style-a", "--count", "-5", "--seed", "1", "--output", "d",
       error="from 1")
expect(1, "a seed that is negative", "generate", "--family", "style-a", "--count", "5", "--seed", "-1", "--output", "d",
       error="whole number from 0")
expect(1, "a device that is not known", *here, "--device", "tpu", error="no device is called")
expect(4, "a device that is not here", *here, "--device", "cuda:77", error="cuda")
ok(listing() == ["v.npy"], "nothing of this wrote a file", listing())

r = expect(0, "both forms of giving a value", "simulate", "--velocity=v.npy", "-os.npy", "-d", "reference",
           "--samples=40", "--absorb", "8", "--shots", "1", "-q")
ok(os.path.exists("s.npy") and r.stderr == "", "--quiet is quiet", described(r))

r = cli(*here, *SMALL, "--progress", "json")
lines = [json.loads(line) for line in r.stderr.splitlines()]
ok(r.returncode == 0 and lines and lines[-1]["event"] == "progress" and lines[-1]["done"] == lines[-1]["total"],
   "--progress json: every line is JSON, the last says all is done", described(r))
ok(any(line["event"] == "note" and "exact mode on reference" in line["message"] for line in lines),
   "the log names mode and device", r.stderr)
r = cli(*here, *SMALL)
ok(all(json.loads(line) for line in r.stderr.splitlines()), "--progress auto, no terminal: JSON lines", described(r))
r = cli(*here, *SMALL, "--progress", "none")
ok(r.returncode == 0 and "progress" not in r.stderr, "--progress none", described(r))

r = cli("simulate", "--velocity", "missing.npy", "--output", "s.npy", "--json", "--quiet")
failure = json.loads(r.stdout)["error"]
ok(r.returncode == 2 and failure["exit_code"] == 2 and "missing.npy" in failure["message"], "--json: a failure too",
   described(r))

# On a terminal: a bar, with the time left.
def bar_on_terminal():
    try:
        pid, terminal = pty.fork()
    except OSError as error:
        skip("the bar on a terminal: no pseudo-terminal can be opened here (%s)" % error)
        return
    if pid == 0:
        os.execve(CLI, [CLI, "simulate", "--velocity", "many.npy", "--output", "s.npy", "--device", "reference",
                        "--samples", "200", "--absorb", "20"], environment)
    screen = b""
    while True:
        try:
            block = os.read(terminal, 4096)
        except OSError:
            break
        if not block:
            break
        screen += block
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    ok(status == 0 and b"\r" in screen and b"[#" in screen and b" left" in screen and b"100 %" in screen,
       "on a terminal: a bar with the time left", screen)


np.save("many.npy", velocity(4, 70, 70))
bar_on_terminal()

r = cli("help", "--completion")
check = subprocess.run(["bash", "-n"], input=r.stdout, text=True, capture_output=True)
ok(check.returncode == 0 and "simulate" in r.stdout, "the bash completion is a sound script", check.stderr)
probe = r.stdout + """
COMP_WORDS=(wavediffusion-cli simulate --mo); COMP_CWORD=2; _wavediffusion_cli; echo "${COMPREPLY[@]}"
COMP_WORDS=(wavediffusion-cli simulate --mode ex); COMP_CWORD=3; _wavediffusion_cli; echo "${COMPREPLY[@]}"
COMP_WORDS=(wavediffusion-cli sim); COMP_CWORD=1; _wavediffusion_cli; echo "${COMPREPLY[@]}"
"""
check = subprocess.run(["bash"], input=probe, text=True, capture_output=True)
ok(check.stdout.split() == ["--mode", "exact", "simulate"], "it completes options, choices and commands",
   check.stdout + check.stderr)

with open("/dev/full", "w") as full:
    r = subprocess.run([CLI, "help"], stdout=full, stderr=subprocess.PIPE, text=True, env=environment)
ok(r.returncode == 2 and "standard output" in r.stderr, "a full disk under standard output: exit 2", r.stderr)

linked = subprocess.run(["ldd", CLI], capture_output=True, text=True).stdout
ok("libc.so" in linked and "libgtk" not in linked, "links no GTK", linked)
ok("DISPLAY" not in environment, "all of this ran without a display")
done()
