"""The PyTorch side of bench/peers.ts: one JSON request a line on stdin, one answer a line on stdout.

Both sides read the same weights and inputs (float32, little-endian files) and time the same work in CPU time, one thread.
"""

import json
import sys
import time

import numpy
import torch

torch.set_num_threads(1)


def load(path, *shape):
    return torch.from_numpy(numpy.fromfile(path, dtype="<f4").reshape(shape).copy())


def blas():
    """Which library multiplies matrices here; Debian's PyTorch runs on the reference BLAS where nobody installed another, 10 times slower."""
    torch.ones(64, 64) @ torch.ones(64, 64)
    with open("/proc/self/maps") as maps:
        loaded = maps.read()
    return next((name for name in ("mkl", "openblas") if name in loaded), "reference")


class Peer:
    def __init__(self, folder, widths, activation):
        self.folder = folder
        layers = []
        for index, (inputs, outputs) in enumerate(zip(widths, widths[1:])):
            linear = torch.nn.Linear(inputs, outputs)
            with torch.no_grad():
                linear.weight.copy_(load(f"{folder}/w{index}", inputs, outputs).T)
                linear.bias.copy_(load(f"{folder}/b{index}", outputs))
            layers.append(linear)
            if index < len(widths) - 2:
                layers.append({"relu": torch.nn.ReLU, "tanh": torch.nn.Tanh}[activation]())
        self.net = torch.nn.Sequential(*layers)
        for parameter in self.net.parameters():
            parameter.requires_grad_(False)
        self.x = load(f"{folder}/x", -1, widths[0])
        self.seed = load(f"{folder}/seed", widths[-1])

    def forward(self, rows):
        with torch.no_grad():
            return self.net(self.x[:rows])

    def gradient(self, rows, x=None):
        y = (self.x[:rows] if x is None else x).clone().requires_grad_(True)
        return torch.autograd.grad((self.net(y) * self.seed).sum(), y)[0]

    def pgd(self, rows, steps, epsilon, size):
        clean = self.x[:rows]
        low, high = (clean - epsilon).clamp(min=0), (clean + epsilon).clamp(max=1)
        x = clean.clone()
        for _ in range(steps):
            x = torch.maximum(torch.minimum(x + size * self.gradient(rows, x).sign(), high), low)
        return x

    def call(self, case):
        kind, rows = case["kind"], case["rows"]
        if kind == "forward":
            return lambda: self.forward(rows)
        if kind == "gradient":
            return lambda: self.gradient(rows)
        return lambda: self.pgd(rows, case["steps"], case["epsilon"], case["size"])


def main():
    peer = None
    for line in sys.stdin:
        case = json.loads(line)
        if "widths" in case:
            peer = Peer(case["folder"], case["widths"], case["activation"])
            answer = {"torch": torch.__version__, "blas": blas()}
        elif "result" in case:
            peer.call(case)().numpy().astype("<f4").tofile(case["result"])
            answer = {}
        else:
            call = peer.call(case)
            start = time.process_time()
            for _ in range(case["calls"]):
                call()
            answer = {"ms": (time.process_time() - start) * 1e3 / case["calls"]}
        print(json.dumps(answer), flush=True)


main()
