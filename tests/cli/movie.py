#!/usr/bin/env python3
"""The commands movie and render --panels: what they write, what they carry, refusals, a stand-in for ffmpeg."""
import json
import os
import shutil
import signal
import stat
import struct
import subprocess
import time
import zlib

from harness import *

if "movie" not in cli("--help").stdout:
    skip("this build has no movie (GLib, cairo, pango, libpng)")
    done()

DEMO = os.path.join(ROOT, "resources/demo/demo.wdrun")
EMPTY = dict(environment, PATH="/nonexistent")


pixels = png  # the harness's, with the pixels


def png(path):
    """Size and recipe of a PNG of this program."""
    data = open(path, "rb").read()
    at, recipe, size = 8, None, None
    while at < len(data):
        length, kind = struct.unpack(">I4s", data[at:at + 8])
        body = data[at + 8:at + 8 + length]
        if kind == b"IHDR":
            size = struct.unpack(">II", body[:8])
        if kind == b"iTXt" and body.startswith(b"wavediffusion:run\0"):
            packed, rest = body.split(b"\0", 1)[1][0], body.split(b"\0", 1)[1][2:].split(b"\0", 2)[2]
            recipe = json.loads(zlib.decompress(rest) if packed else rest)
        at += 12 + length
    return size, recipe


def run(*args, env=environment, timeout=None):
    return subprocess.run([CLI, *args], capture_output=True, text=True, env=env, timeout=timeout)


np.save("v.npy", velocity(2))
small = ["--speed", "4000", "--dpi", "40"]
r = run("movie", "v.npy", "--index", "1", *small, "-o", "wave", "--json")
names = sorted(os.listdir("wave")) if os.path.isdir("wave") else []
ok(r.returncode == 0 and names == [f"frame-{i:04d}.png" for i in range(1, 5)] and json.loads(r.stdout)["frames"] == 4,
   "a map's wavefield: 1000 ms at 4000 ms/s and 12 fps are 4 frames", r.stderr + str(names))
sizes = {png("wave/" + n)[0] for n in names}
ok(len(sizes) == 1, "of one size", sizes)
recipe = png("wave/" + names[0])[1] if names else {}
ok(recipe.get("command") == "movie" and recipe.get("index") == 1 and recipe.get("shot") == 3 and recipe.get("mode") == "exact",
   "which say how they were made", recipe)
ok(not [n for n in os.listdir(".") if n.startswith(".")], "nothing else is left", os.listdir("."))
r = run("movie", "v.npy", *small, "--to", "300", "--margin", "--mode", "live", "--shot", "1", "--probe", "none", "--no-isochrones",
        "--theme", "dark", "--fps", "24", "-o", "wave")
ok(r.returncode == 0 and sorted(os.listdir("wave")) == names[:3] and "1 frame of an older one was removed" in r.stderr,
   "options, into a folder that is there: its fourth frame, of the movie before, goes, and it is said", r.stderr)
with open("wave/frame-0009.png", "w") as f:
    f.write("a picture of somebody else")
r = run("movie", "v.npy", "--speed", "8000", "--fps", "6", "--dpi", "40", "-o", "wave", "--json")
told = json.loads(r.stdout) if r.returncode == 0 else {}
left = sorted(os.listdir("wave"))
ok("frame-0009.png" in left and len(left) == told.get("frames", 0) + 1 and told["older_removed"] == 4 - len(left) and
   told["older_left"] == 1 and "left there" in r.stderr, "what somebody else put there stays", r.stderr + str(left))
os.remove("wave/frame-0009.png")

# ---- refusals, all before any work
for args, code, word in ((["v.npy", "-o", "wave.avi"], 1, ".mp4, .webm or .gif"),
                         (["v.npy", "--fps", "60", "-o", "x.gif"], 1, "at most 50"), (["v.npy", "--shot", "9", "-o", "x"], 1, "1 to 5"),
                         (["v.npy", "--index", "7", "-o", "x"], 1, "0 to 1"), (["v.npy", "--probe", "abc", "-o", "x"], 1, "520,10"),
                         (["v.npy", "--what", "steps", "-o", "x"], 1, "recording"), (["absent.wdrun", "-o", "x"], 1, "absent"),
                         (["v.npy", "-o", "no/such/folder/x"], 2, "no folder")):
    r = run("movie", *args)
    ok(r.returncode == code and word in r.stderr and not os.path.exists("x"), "refused: " + " ".join(args), described(r))
for ending, article in (("mp4", "an MP4"), ("webm", "a WebM"), ("GIF", "a GIF")):
    r = run("movie", "v.npy", "-o", "wave." + ending, env=EMPTY)
    ok(r.returncode == 2 and article + " takes the program ffmpeg" in r.stderr and "folder" in r.stderr and not os.path.exists("wave." + ending),
       f"without ffmpeg {article} is refused, with what to do", described(r))


def stand_in(script):
    os.makedirs("bin", exist_ok=True)
    with open("bin/ffmpeg", "w") as f:
        f.write("#!/bin/sh\n" + script)
    os.chmod("bin/ffmpeg", stat.S_IRWXU)


FAKE = dict(environment, PATH=os.path.abspath("bin") + ":" + environment["PATH"])
stand_in('echo "$@" > args; for a; do case $a in *frame-%04d.png) ls "$(dirname "$a")" > seen;; esac; last=$a; done; echo video > "$last"\n')
r = run("movie", "v.npy", *small, "-o", "wave.mp4", env=FAKE)
ok(r.returncode == 0 and open("wave.mp4").read() == "video\n", "with one it is made", described(r))
ok(open("seen").read().split() == [f"frame-{i:04d}.png" for i in range(1, 5)] and "-framerate 12" in open("args").read(),
   "it sees every frame, and the rate")
ok(json.load(open("wave.mp4.json")).get("command") == "movie", "the recipe stands beside it")
stand_in("echo no encoder >&2; exit 3\n")
os.remove("wave.mp4")
r = run("movie", "v.npy", *small, "-o", "wave.mp4", env=FAKE)
ok(r.returncode == 2 and "no encoder" in r.stderr and not os.path.exists("wave.mp4"), "what it says when it fails is passed on", described(r))
stand_in("echo first words >&2; i=0; while [ $i -lt 3000 ]; do echo 'a line of an encoder that says the same of every frame' >&2; i=$((i+1)); done; exit 3\n")
r = run("movie", "v.npy", *small, "-o", "wave.mp4", env=FAKE, timeout=60)
ok(r.returncode == 2 and "first words" in r.stderr and len(r.stderr) < 2000, "one that says more than a pipe holds ends too", described(r))
stand_in("exec sleep 60\n")
p = subprocess.Popen([CLI, "movie", "v.npy", *small, "-o", "wave.mp4"], env=FAKE, stderr=subprocess.PIPE)
for _ in range(600):
    if [n for n in os.listdir(".") if n.startswith(".wave.mp4.") and n.endswith(".tmp")]:
        break
    time.sleep(0.1)
p.send_signal(signal.SIGINT)
code = p.wait(30)
ok(code == 130 and not [n for n in os.listdir(".") if "wave.mp4" in n and not n.endswith(".json")],
   "Ctrl-C ends ffmpeg and leaves nothing", (code, os.listdir(".")))

# ---- the real one, where there is one
size = png("wave/frame-0001.png")[0]
if shutil.which("ffmpeg") and shutil.which("ffprobe"):
    for ending, codec in (("mp4", "h264"), ("webm", "vp9"), ("gif", "gif"), ("WebM", "vp9")):
        name = "real." + ending
        r = run("movie", "v.npy", *small, "-o", name)
        ok(r.returncode == 0 and os.path.getsize(name) > 2000 and json.load(open(name + ".json")).get("command") == "movie",
           f"ffmpeg makes {name}, with the recipe beside it", described(r))
        p = subprocess.run(["ffprobe", "-v", "error", "-count_frames", "-select_streams", "v", "-show_entries",
                            "stream=codec_name,nb_read_frames,r_frame_rate,width,height:format=format_name,duration", "-of", "json", name],
                           capture_output=True, text=True)
        told = json.loads(p.stdout or "{}")
        stream = (told.get("streams") or [{}])[0]
        even = lambda n: n if codec == "gif" else n - n % 2
        ok(stream.get("codec_name") == codec and ending.lower() in told["format"]["format_name"] and stream.get("nb_read_frames") == "4"
           and (stream.get("r_frame_rate") == "12/1" or codec == "gif")  # whose clock counts hundredths of a second
           and (stream.get("width"), stream.get("height")) == tuple(map(even, size))
           and abs(float(told["format"]["duration"]) - 4 / 12) < 0.02,
           f"in which ffprobe finds {codec}, the four frames at 12 a second, of the pictures' size", p.stdout + p.stderr)
    # The palette is the frames' own: what a frame of the GIF shows is the picture that it was made of.
    raw = lambda *words: np.frombuffer(subprocess.run(["ffmpeg", "-v", "error", *words, "-f", "rawvideo", "-pix_fmt", "rgb24", "-"],
                                                      capture_output=True).stdout, np.uint8).astype(int)
    r = run("movie", "v.npy", *small, "-o", "wave")
    a, b = raw("-i", "real.gif", "-frames:v", "1"), raw("-i", "wave/frame-0001.png")
    ok(a.size == b.size == 3 * size[0] * size[1] and np.abs(a - b).mean() < 3, "in colours within 3 of 255 of the picture's, in the mean",
       [a.size, b.size, np.abs(a - b).mean() if a.size == b.size else ""])
    ok(not [n for n in os.listdir(".") if n.startswith(".")], "and nothing is left beside them", os.listdir("."))
else:
    skip("no ffmpeg with ffprobe here: no video is made by it")

# ---- a run
if not os.path.exists(DEMO):
    skip("no demo in this tree")
    done()
r = run("movie", DEMO, "--step", "8", *small, "-o", "demo")
_, recipe = png("demo/frame-0002.png") if r.returncode == 0 else (0, {})
ok(recipe.get("position") == 8 and json.loads(json.dumps(recipe["view"]))["wavefield"]["step"] == 333,
   "a recording's frames carry its recipe and their own time", described(r))
r = run("render", DEMO, "--panels", "vel,dec,res", "--step", "4", "--dpi", "60", "-o", "fig.png")
ok(r.returncode == 0 and png("fig.png")[1]["position"] == 4, "render --panels draws what the window shows", described(r))
for ending in ("pdf", "svg"):
    r = run("render", DEMO, "--panels", "wavefield", "--time", "250", "--margin", "--dpi", "60", "-o", "wave." + ending)
    ok(r.returncode == 0 and os.path.getsize("wave." + ending) > 10000, f"a wavefield as {ending}", described(r))
r = run("render", DEMO, "--panels", "vel,nonsense", "-o", "no.png")
ok(r.returncode == 1 and "nonsense" in r.stderr and not os.path.exists("no.png"), "a panel that is not there", described(r))
run("render", DEMO, "--panels", "dec", "--shot", "2", "--dpi", "60", "-o", "one.png")
run("render", DEMO, "--panels", "dec", "--shot", "all", "--dpi", "60", "-o", "all.png")
one, every = png("one.png"), png("all.png")
ok(one[1]["view"]["shot"] == 1 and every[1]["view"]["shot"] == -1 and open("one.png", "rb").read() != open("all.png", "rb").read(),
   "--shot all draws all shots", (one[1]["view"]["shot"], every[1]["view"]["shot"]))
for panels, more in (("trace", ["--receiver", "50"]), ("lags", []), ("arrivals", ["--shot", "4"]), ("vel,dec,trace,lags,arrivals,res", [])):
    r = run("render", DEMO, "--panels", panels, "--step", "12", "--dpi", "60", *more, "-o", "side.png")
    wide, rows, text = pixels("side.png") if r.returncode == 0 else ((0, 0), np.zeros((1, 1, 3)), {})
    ok(r.returncode == 0 and len(np.unique(rows.reshape(-1, 3), axis=0)) > 20 and png("side.png")[1]["position"] == 12,
       f"{panels}: drawn, with the recipe", described(r))
    if panels != "lags":
        run("render", DEMO, "--panels", panels, "--step", "12", "--dpi", "60", *more, "-o", "same.png")
        ok(open("side.png", "rb").read() == open("same.png", "rb").read(), f"{panels}: the same again, byte for byte")
run("render", DEMO, "--panels", "trace", "--step", "12", "--dpi", "60", "--receiver", "3", "--shot", "2", "-o", "other.png")
run("render", DEMO, "--panels", "trace", "--step", "12", "--dpi", "60", "--receiver", "50", "--shot", "2", "-o", "side.png")
ok(open("side.png", "rb").read() != open("other.png", "rb").read(), "another receiver is another trace")
r = run("render", DEMO, "--panels", "lags,arrivals,trace", "--step", "12", "-o", "side.svg")
ok(r.returncode == 0 and os.path.getsize("side.svg") > 20000 and os.path.exists("side.svg.json"), "as SVG, its recipe beside it", described(r))
r = run("render", DEMO, "--panels", "trace", "--receiver", "71", "-o", "no.png")
ok(r.returncode == 1 and "1 to 70" in r.stderr and not os.path.exists("no.png"), "a receiver that is not there", described(r))
r = run("movie", DEMO, "--what", "steps", "--panels", "lags", "-o", "no")
ok(r.returncode == 1 and "there is no \"lags\"" in r.stderr and not os.path.exists("no"), "lags are no panel of a movie", described(r))
r = run("render", DEMO, "--panels", "plane", "-o", "no.png")
ok(r.returncode == 1 and "no walk" in r.stderr and not os.path.exists("no.png"), "a run has no plane", described(r))

# ---- populations
FAILURES = os.path.join(ROOT, "resources/failures/samples.wdpop")
for panels, more, ending in (("histogram", ["--by-family"], "png"), ("histogram,scatter", ["--by", "relL2", "--over", "lag"], "pdf"),
                             ("scatter", ["--filter", "family ~ a", "--epsilon", "1.5", "--theme", "dark"], "png")):
    r = run("render", FAILURES, "--panels", panels, *more, "--dpi", "60", "-o", "pop." + ending)
    ok(r.returncode == 0 and os.path.getsize("pop." + ending) > 3000, f"{panels} of a population as {ending}", described(r))
recipe = png("pop.png")[1]
ok(recipe["panels"] == "scatter" and recipe["epsilon"] == 1.5 and recipe["over"] == "window_shift" and recipe["filter"] == "family ~ a",
   "which carries what made it", recipe)
for panels, more in (("way", []), ("gallery", ["--filter", "seed < 100"]), ("way,histogram", ["--by-family"])):
    r = run("render", FAILURES, "--panels", panels, *more, "--dpi", "60", "-o", "draw.png")
    ok(r.returncode == 0 and os.path.getsize("draw.png") > 3000, f"{panels} of a population", described(r))
    r = run("render", "draw.png", "--dpi", "60", "-o", "again.png")
    ok(r.returncode == 0 and open("again.png", "rb").read() == open("draw.png", "rb").read(),
       f"{panels}: drawn again from the recipe inside, byte for byte", described(r))
ok(png("draw.png")[1].get("by_family") is True and png("draw.png")[1].get("sample", "").isdigit(),
   "which says by family, and whose way it is", png("draw.png")[1])
r = run("render", FAILURES, "--panels", "way", "--sample", "99999999", "-o", "no.png")
ok(r.returncode != 0 and "99999999" in r.stderr and not os.path.exists("no.png"), "a seed that is not there", described(r))
for args, code, word in ((["--by", "beauty"], 1, "beauty"), (["--filter", "r_R >"], 1, "character"), (["--filter", "r_R > 1e9"], 1, "nothing"),
                         (["--epsilon", "much"], 1, "much")):
    r = run("render", FAILURES, "--panels", "histogram", *args, "-o", "no.png")
    ok(r.returncode == code and word in r.stderr and not os.path.exists("no.png"), "refused: " + " ".join(args), described(r))
r = run("render", FAILURES, "--panels", "histogram,vel", "-o", "no.png")
ok(r.returncode == 1 and "histogram, scatter, way and gallery" in r.stderr, "a population has no velocity panel", described(r))
r = run("render", DEMO, "--panels", "histogram", "-o", "no.png")
ok(r.returncode == 2 and not os.path.exists("no.png"), "a recording has no histogram", described(r))
r = run("render", "v.npy", "--panels", "vel", "-o", "no.png")
ok(r.returncode == 1 and "neither" in r.stderr, "--panels of a map is refused", described(r))
done()
