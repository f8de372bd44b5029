"""PyTorch on a GPU running the networks of bench_network, in the same run.

usage: peer_network_cuda.py BENCH_NETWORK [repeats [device]]

The networks of peer_network.py: a denoising step and a decode of both at batch 1, whose results are read back each
time, and training steps of both stages with clipped AdamW and an average of the weights. Peers: PyTorch in eager
mode and through torch.compile(mode="reduce-overhead"), channels last, float32 with TF32 products and bfloat16 by
autocast. Ours: recorded, TF32 and bf16. Peers and ours take turns; each figure is the median of a turn's repeats, the
least of three turns, in wall time. The peers are yardsticks only.

CSV: what,batch,precision,peer,peer_ms,ours_ms,ratio (peer / ours: above 1 we are faster)."""
import copy
import csv
import io
import os
import statistics
import subprocess
import sys
import time
import types

try:
    import onnxruntime  # noqa: F401  (peer_network wants it; here it is not used)
except ImportError:
    sys.modules["onnxruntime"] = types.ModuleType("onnxruntime")
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import torch
from torch import nn
from torch.nn import functional as F

from peer_network import Autoencoder, Decoder, Denoiser, denoise_arguments, images

TURNS = 3


def compiled(module):
    return torch.compile(module, mode="reduce-overhead")


def inference(module, arguments, half, device):
    def run():
        with torch.inference_mode(), torch.autocast(device, dtype=torch.bfloat16, enabled=half):
            out = module(*arguments)
        for part in out if isinstance(out, tuple) else (out,):
            part.cpu()
    return run


class Training:
    """A step as bench_network takes it; the norm of the gradient is read back, as there."""

    def __init__(self, stage, batch, half, device, through):
        self.stage, self.half, self.device = stage, half, device
        self.plain = (Autoencoder() if stage == 1 else Denoiser()).to(device, memory_format=torch.channels_last)
        self.model = through(self.plain)
        self.average = copy.deepcopy(self.plain)
        self.optimizer = torch.optim.AdamW(self.plain.parameters(), lr=3e-4, betas=(0.9, 0.99), weight_decay=0.01,
                                           foreach=True)
        if stage == 1:
            self.arguments = (images(batch, 1, 72, 72), images(batch, 10, 72, 72), torch.ones(batch, 1, 1, 1),
                              torch.ones(batch, 1, 1, 1))
            self.target = images(batch, 10, 72, 72).to(device)
        else:
            self.arguments, self.target = denoise_arguments(batch), images(batch, 8, 18, 18).to(device)
        self.arguments = tuple(a.to(device) for a in self.arguments)

    def loss(self):
        if self.stage == 2:
            return F.mse_loss(self.model(*self.arguments).float(), self.target)
        v, s = self.arguments[:2]
        z, code, (velocity, direct, scattered) = self.model(*self.arguments)
        velocity = velocity.float()
        return (F.mse_loss(velocity, v) + F.l1_loss(velocity, v) + F.mse_loss(direct.float(), s) +
                F.mse_loss(scattered.float(), self.target) + F.mse_loss(z.float(), code))

    def step(self):
        self.optimizer.zero_grad(set_to_none=True)
        with torch.autocast(self.device, dtype=torch.bfloat16, enabled=self.half):
            loss = self.loss()
        loss.backward()
        nn.utils.clip_grad_norm_(self.plain.parameters(), 1.0).item()
        self.optimizer.step()
        with torch.no_grad():
            torch._foreach_lerp_(list(self.average.parameters()), list(self.plain.parameters()), 0.001)


def milliseconds(run, repeats):
    times = []
    for i in range(repeats + 3):
        start = time.perf_counter()
        run()
        if i >= 3:
            times.append(1e3 * (time.perf_counter() - start))
    return statistics.median(times)


def ours(program, device, what, precision, repeats):
    text = subprocess.run([program, device, str(repeats), what, precision], check=True, capture_output=True,
                          text=True).stdout
    return float(next(csv.DictReader(io.StringIO(text)))["median_ms"])


def case(program, device, what, batch, half, repeats, make):
    precision = "bf16" if half else "tf32" if device == "cuda" else "f32"
    peers = {"torch eager": make(lambda m: m)}
    if device == "cuda":
        peers["torch compiled"] = make(compiled)
    best, mine = {}, []
    for _ in range(TURNS):
        mine.append(ours(program, device if device == "cuda" else "cpu:1", what, precision, repeats))
        for name, run in peers.items():
            best[name] = min(best.get(name, 1e30), milliseconds(run, repeats))
    for name, value in best.items():
        print(f"{what.split(':')[0]},{batch},{precision},{name},{value:.3f},{min(mine):.3f},{value / min(mine):.2f}",
              flush=True)


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    program, repeats = sys.argv[1], max(1, int(sys.argv[2]) if len(sys.argv) > 2 else 51)
    device = sys.argv[3] if len(sys.argv) > 3 else "cuda"
    if device == "cuda" and not torch.cuda.is_available():
        sys.exit("peer_network_cuda.py: PyTorch sees no CUDA device")
    torch.manual_seed(1)
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
    torch.backends.cudnn.benchmark = True
    few = max(1, repeats // 5)
    name = torch.cuda.get_device_name() if device == "cuda" else device
    print(f"# torch {torch.__version__}, {name}")
    print("what,batch,precision,peer,peer_ms,ours_ms,ratio")
    denoiser, decoder = (m().eval().to(device, memory_format=torch.channels_last) for m in (Denoiser, Decoder))
    step = tuple(a.to(device) for a in denoise_arguments(1))
    latent = (images(1, 8, 18, 18).to(device),)
    for half in (False, True):
        case(program, device, "denoise", 1, half, repeats,
             lambda through: inference(through(denoiser), step, half, device))
        case(program, device, "decode", 1, half, repeats,
             lambda through: inference(through(decoder), latent, half, device))
    for stage, batch in ((1, 16), (1, 64), (2, 32), (2, 256)) if device == "cuda" else ((2, 2),):
        case(program, device, f"stage{stage}:{batch}", batch, device == "cuda", few,
             lambda through: Training(stage, batch, device == "cuda", device, through).step)


if __name__ == "__main__":
    main()
