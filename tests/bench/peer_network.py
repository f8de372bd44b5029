"""PyTorch and ONNX Runtime running the networks of bench_network, in the same run.

usage: peer_network.py BENCH_NETWORK [threads [repeats]]

The default networks of model/stage1.c and model/stage2.c, layer by layer, with random weights: a denoising step
and a decode of both at batch 1 (PyTorch channels last in eager mode, ONNX Runtime from its export), and training
steps of stage 1 (batch 16) and stage 2 (batch 32) with clipped AdamW and an average of the weights (PyTorch,
float32 and bfloat16 by autocast). Peers and ours take turns. Each figure is the least of the repeats: on one
thread processor time, which other work on the machine disturbs least; on more threads wall time. The peers are
yardsticks only (pip install torch onnxruntime onnx onnxscript, outside the project)."""
import copy
import csv
import io
import logging
import os
import subprocess
import sys
import tempfile
import time

os.environ.setdefault("OMP_WAIT_POLICY", "passive")
import torch
from torch import nn
from torch.nn import functional as F
import onnxruntime

GROUPS, HEADS = 8, 4


def norm(channels):
    return nn.GroupNorm(GROUPS, channels, eps=1e-5)


class Residual(nn.Module):
    def __init__(self, inputs, outputs, embedding=0):
        super().__init__()
        self.norm1, self.conv1 = norm(inputs), nn.Conv2d(inputs, outputs, 3, padding=1)
        self.norm2, self.conv2 = norm(outputs), nn.Conv2d(outputs, outputs, 3, padding=1)
        self.modulate = nn.Linear(embedding, 2 * outputs) if embedding else None
        self.skip = nn.Conv2d(inputs, outputs, 1) if inputs != outputs else None

    def forward(self, x, e=None):
        h = self.norm2(self.conv1(F.silu(self.norm1(x))))
        if self.modulate is not None:
            scale, shift = self.modulate(e)[:, :, None, None].chunk(2, 1)
            h = h * (1 + scale) + shift
        h = self.conv2(F.silu(h))
        return h + (x if self.skip is None else self.skip(x))


class Attention(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.norm = norm(channels)
        self.query, self.key, self.value, self.project = (nn.Linear(channels, channels) for _ in range(4))

    def forward(self, x):
        n, c, h, w = x.shape
        t = self.norm(x).permute(0, 2, 3, 1).reshape(n, h * w, c)
        q, k, v = (f(t).reshape(n, h * w, HEADS, c // HEADS).transpose(1, 2)
                   for f in (self.query, self.key, self.value))
        y = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(n, h * w, c)
        return x + self.project(y).reshape(n, h, w, c).permute(0, 3, 1, 2)


class Level(nn.Module):
    def __init__(self, inputs, channels, embedding, blocks=2):
        super().__init__()
        self.blocks = nn.ModuleList(Residual(channels if i else inputs, channels, embedding) for i in range(blocks))
        self.attention = nn.ModuleList(Attention(channels) for _ in range(blocks))

    def forward(self, h, e):
        for block, attention in zip(self.blocks, self.attention):
            h = attention(block(h, e))
        return h


class Denoiser(nn.Module):
    def __init__(self, latent=8, width=96, families=10):
        super().__init__()
        c = 4 * width
        self.width = width
        self.time0, self.time1, self.family = nn.Linear(width, c), nn.Linear(c, c), nn.Embedding(families + 1, c)
        self.first = nn.Conv2d(latent, width, 3, padding=1)
        self.down, self.middle = Level(width, width, c), Level(2 * width, 2 * width, c)
        self.up = Level(2 * width, width, c)
        self.shrink = nn.Conv2d(width, 2 * width, 3, stride=2, padding=1)
        self.grow = nn.Conv2d(2 * width, width, 3, padding=1)
        self.norm, self.last = norm(width), nn.Conv2d(width, latent, 3, padding=1)
        self.register_buffer("frequency", 10000.0 ** (-torch.arange(width // 2) / (width // 2)))

    def forward(self, z, t, family):
        angle = t[:, None] * self.frequency
        e = self.time1(F.silu(self.time0(torch.cat([angle.sin(), angle.cos()], 1)))) + self.family(family)
        e = F.silu(e)
        full = self.down(self.first(z), e)
        h = self.middle(self.shrink(full), e)
        h = self.grow(F.interpolate(h, scale_factor=2.0, mode="nearest"))
        h = self.up(torch.cat([h, full], 1), e)
        return self.last(F.silu(self.norm(h)))


class TowerIn(nn.Module):
    def __init__(self, channels, width, blocks):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(channels, width // 2, 3, stride=2, padding=1), Residual(width // 2, width // 2),
            nn.Conv2d(width // 2, width, 3, stride=2, padding=1),
            *(Residual(width, width) for _ in range(blocks)), Attention(width))

    def forward(self, x):
        return self.layers(x)


class TowerOut(nn.Module):
    def __init__(self, latent, width, blocks):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(latent, width, 3, padding=1), Attention(width),
            *(Residual(width, width) for _ in range(blocks)), Attention(width),
            nn.Upsample(scale_factor=2.0, mode="nearest"), nn.Conv2d(width, width // 2, 3, padding=1),
            Residual(width // 2, width // 2))

    def forward(self, z):
        return self.layers(z)


def picture(width, channels):
    return nn.Sequential(norm(width), nn.SiLU(), nn.Conv2d(width, 4 * channels, 3, padding=1), nn.PixelShuffle(2))


class Decoder(nn.Module):
    def __init__(self, latent=8, velocity=64, seismic=128, channels=10):
        super().__init__()
        self.velocity, self.seismic = TowerOut(latent, velocity, 2), TowerOut(latent, seismic, 3)
        self.picture = picture(velocity // 2, 1)
        self.direct, self.scattered = picture(seismic // 2, channels), picture(seismic // 2, channels)

    def forward(self, z):
        h = self.seismic(z)
        return self.picture(self.velocity(z)), self.direct(h), self.scattered(h)


class Autoencoder(nn.Module):
    def __init__(self, latent=8, velocity=64, seismic=128, channels=10, codes=8192):
        super().__init__()
        self.velocity, self.seismic = TowerIn(1, velocity, 2), TowerIn(channels, seismic, 3)
        self.merge, self.merged = nn.Conv2d(velocity + seismic, seismic, 1), Residual(seismic, seismic)
        self.norm, self.latent = norm(seismic), nn.Conv2d(seismic, latent, 1)
        self.decoder = Decoder(latent, velocity, seismic, channels)
        self.register_buffer("codes", F.normalize(torch.randn(codes, latent), dim=1) * latent ** 0.5)

    def forward(self, v, s, given_v, given_s):
        h = torch.cat([self.velocity(v) * given_v, self.seismic(s) * given_s], 1)
        z = self.latent(F.silu(self.norm(self.merged(self.merge(h)))))
        z = z * torch.rsqrt(z.square().mean(1, keepdim=True) + 1e-6)
        with torch.no_grad():
            rows = z.permute(0, 2, 3, 1).reshape(-1, z.shape[1]).float()
            with torch.autocast("cpu", enabled=False):
                nearest = (rows @ self.codes.T - 0.5 * self.codes.square().sum(1)).argmax(1)
            code = self.codes[nearest].reshape(z.shape[0], z.shape[2], z.shape[3], -1).permute(0, 3, 1, 2)
        return z, code, self.decoder(z + (code - z).detach())


def images(*shape):
    return torch.randn(*shape).contiguous(memory_format=torch.channels_last)


def denoise_arguments(n):
    return images(n, 8, 18, 18), torch.arange(n) * 37.0 % 1000, torch.arange(n) % 10


class Training:
    """A step as bench_network takes it."""

    def __init__(self, stage, half):
        self.half, self.stage = half, stage
        self.model = (Autoencoder() if stage == 1 else Denoiser()).to(memory_format=torch.channels_last)
        self.average = copy.deepcopy(self.model)
        self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=3e-4, betas=(0.9, 0.99), weight_decay=0.01,
                                           foreach=True)
        if stage == 1:
            self.arguments = (images(16, 1, 72, 72), images(16, 10, 72, 72), torch.ones(16, 1, 1, 1),
                              torch.ones(16, 1, 1, 1))
            self.scattered = images(16, 10, 72, 72)
        else:
            self.arguments, self.target = denoise_arguments(32), images(32, 8, 18, 18)

    def loss(self):
        if self.stage == 2:
            return F.mse_loss(self.model(*self.arguments).float(), self.target)
        v, s = self.arguments[:2]
        z, code, (velocity, direct, scattered) = self.model(*self.arguments)
        velocity = velocity.float()
        return (F.mse_loss(velocity, v) + F.l1_loss(velocity, v) + F.mse_loss(direct.float(), s) +
                F.mse_loss(scattered.float(), self.scattered) + F.mse_loss(z.float(), code))

    def step(self):
        self.optimizer.zero_grad(set_to_none=True)
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=self.half):
            loss = self.loss()
        loss.backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimizer.step()
        with torch.no_grad():
            torch._foreach_lerp_(list(self.average.parameters()), list(self.model.parameters()), 0.001)


def inference(module, arguments, half):
    module = module.eval().to(memory_format=torch.channels_last)

    def run():
        with torch.inference_mode(), torch.autocast("cpu", dtype=torch.bfloat16, enabled=half):
            module(*arguments)
    return run


def runtime(module, arguments, threads):
    names = ["z", "t", "family"][:len(arguments)]
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "network.onnx")
        torch.onnx.export(module.eval(), arguments, path, input_names=names, dynamo=True, external_data=False,
                          verbose=False)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    feed = {name: a.contiguous().numpy() for name, a in zip(names, arguments)}
    return lambda: session.run(None, feed)


def milliseconds(run, repeats, clock):
    best = 1e30
    for i in range(repeats + 2):
        start = clock()
        run()
        if i >= 2:
            best = min(best, 1e3 * (clock() - start))
    return best


def ours(program, what, threads, repeats, column):
    text = subprocess.run([program, f"cpu:{threads}", str(repeats), what], check=True, capture_output=True,
                          text=True).stdout
    return float(next(csv.DictReader(io.StringIO(text)))[column])


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    threads = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    repeats = max(1, int(sys.argv[3]) if len(sys.argv) > 3 else 5)
    torch.set_num_threads(threads)
    torch.manual_seed(1)
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    clock, column = (time.process_time, "cpu_ms") if threads == 1 else (time.perf_counter, "min_ms")
    denoiser, decoder = Denoiser(), Decoder()
    step, latent = denoise_arguments(1), (images(1, 8, 18, 18),)
    few = max(1, repeats // 4)
    cases = [("denoise", 1, repeats, {"torch f32": inference(denoiser, step, False),
                                      "torch bf16": inference(denoiser, step, True),
                                      "onnxruntime f32": runtime(copy.deepcopy(denoiser), step, threads)}),
             ("decode", 1, repeats, {"torch f32": inference(decoder, latent, False),
                                     "torch bf16": inference(decoder, latent, True),
                                     "onnxruntime f32": runtime(copy.deepcopy(decoder), latent, threads)}),
             ("stage1", 16, few, {"torch f32": Training(1, False).step, "torch bf16": Training(1, True).step}),
             ("stage2", 32, few, {"torch f32": Training(2, False).step, "torch bf16": Training(2, True).step})]
    print(f"peers: torch {torch.__version__}, onnxruntime {onnxruntime.__version__}; {threads} thread(s), "
          f"{'processor' if threads == 1 else 'wall'} time, load {os.getloadavg()[0]:.1f}")
    print("what,batch,peer,peer_ms,ours_ms,ratio")
    for what, batch, times, peers in cases:
        best, mine = dict.fromkeys(peers, 1e30), 1e30
        for _ in range(3):
            mine = min(mine, ours(sys.argv[1], what, threads, times, column))
            for name, run in peers.items():
                best[name] = min(best[name], milliseconds(run, times, clock))
        for name, value in best.items():
            print(f"{what},{batch},{name},{value:.2f},{mine:.2f},{value / mine:.2f}", flush=True)


if __name__ == "__main__":
    main()
