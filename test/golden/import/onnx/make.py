"""Writes the ONNX files of this folder with PyTorch's own exporter, and what PyTorch computes on eight observations.

Run with Debian's python3-torch: OPENBLAS_NUM_THREADS=1 /usr/bin/python3 make.py
"""

import json
import os
import warnings

import torch
from torch import nn

warnings.filterwarnings('ignore')
here = os.path.dirname(os.path.abspath(__file__))


class Normalised(nn.Module):
    """VecNormalize in front, a Gaussian's mean and its log standard deviation behind."""

    def __init__(self, clip, spread):
        super().__init__()
        self.register_buffer('mean', torch.linspace(-3, 5, 7) * spread)
        self.register_buffer('var', torch.linspace(0.2, 4, 7))
        self.clip = clip
        self.latent = nn.Sequential(nn.Linear(7, 12), nn.Tanh(), nn.Linear(12, 9), nn.Tanh())
        self.mu = nn.Linear(9, 2)
        self.log_std = nn.Linear(9, 2)

    def forward(self, x):
        z = (x - self.mean) / torch.sqrt(self.var + 1e-8)
        if self.clip is not None:
            z = torch.clamp(z, -self.clip, self.clip)
        h = self.latent(z)
        return torch.cat([self.mu(h), self.log_std(h)], dim=1)


class Categorical(nn.Module):
    """As Stable-Baselines3 has it: normalised logits, probabilities, the index of the greatest; the value beside them."""

    def __init__(self):
        super().__init__()
        self.pi = nn.Sequential(nn.Linear(5, 16), nn.Tanh(), nn.Linear(16, 6))
        self.vf = nn.Sequential(nn.Linear(5, 16), nn.Tanh(), nn.Linear(16, 1))

    def forward(self, x):
        logits = self.pi(x.to(self.pi[0].weight.dtype).flatten(1))
        logits = logits - logits.logsumexp(dim=-1, keepdim=True)
        return torch.softmax(logits, -1).argmax(dim=1), self.vf(x), logits

    def raw(self, x):
        return self.pi(x)


class Squashed(nn.Module):
    """A soft actor's mean, stretched to the action's bounds."""

    def __init__(self):
        super().__init__()
        self.latent = nn.Sequential(nn.Linear(4, 10), nn.ReLU(), nn.Linear(10, 10), nn.ReLU())
        self.mu = nn.Linear(10, 3)
        self.register_buffer('scale', torch.tensor([2.0, -1.0, 0.5]))
        self.register_buffer('bias', torch.tensor([0.0, 1.0, -0.25]))

    def forward(self, x):
        return torch.tanh(self.mu(self.latent(x))) * self.scale + self.bias

    def raw(self, x):
        return self.mu(self.latent(x)) * self.scale.sign()


class Duelling(nn.Module):
    def __init__(self):
        super().__init__()
        self.value = nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 1))
        self.advantage = nn.Sequential(nn.Linear(6, 11), nn.ReLU(), nn.Linear(11, 5))

    def forward(self, x):
        a = self.advantage(x)
        return self.value(x) + a - a.mean(dim=1, keepdim=True)


class Gated(nn.Module):
    """SiLU and ELU, without a bias, and an observation of two axes."""

    def __init__(self):
        super().__init__()
        self.one = nn.Linear(8, 13, bias=False)
        self.two = nn.Linear(13, 7)
        self.three = nn.Linear(7, 4)

    def forward(self, x):
        h = nn.functional.silu(self.one(torch.flatten(x, 1)))
        return torch.softmax(self.three(nn.functional.elu(self.two(h))), dim=-1)

    def raw(self, x):
        h = nn.functional.silu(self.one(torch.flatten(x, 1)))
        return self.three(nn.functional.elu(self.two(h)))


class Sigmoids(nn.Module):
    def __init__(self):
        super().__init__()
        self.one = nn.Linear(3, 20)
        self.two = nn.Linear(20, 20)
        self.three = nn.Linear(20, 2)

    def forward(self, x):
        h = torch.sigmoid(self.two(torch.sigmoid(self.one(x))))
        return 0.25 + 1.5 * torch.sigmoid(self.three(h))

    def raw(self, x):
        return self.three(torch.sigmoid(self.two(torch.sigmoid(self.one(x))))) / 2


class Limited(nn.Module):
    """A deterministic actor with limits, observed in two parts."""

    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(6, 9), nn.Tanh(), nn.Linear(9, 1))

    def forward(self, x):
        parts = torch.cat([(x[:, :2] - 1.5) / 3.0, x[:, 2:]], dim=1)
        return torch.clamp(self.net(parts), -0.3, 0.7)

    def raw(self, x):
        return self.net(torch.cat([(x[:, :2] - 1.5) / 3.0, x[:, 2:]], dim=1))


def tanh_pair():
    class Pair(nn.Module):
        def __init__(self):
            super().__init__()
            self.latent = nn.Sequential(nn.Linear(4, 6), nn.ReLU())
            self.heads = nn.ModuleList([nn.Linear(6, 1), nn.Linear(6, 2)])

        def forward(self, x):
            h = self.latent(x)
            return torch.cat([torch.tanh(head(h)) for head in self.heads], 1)

        def raw(self, x):
            h = self.latent(x)
            return torch.cat([head(h) for head in self.heads], 1)

    return Pair()


cases = {
    'linear-single': (nn.Linear(3, 2), [3], {}),
    'tanh-clipped-normaliser': (Normalised(10.0, 1.0), [7], {}),
    'tanh-far-normaliser': (Normalised(None, 40.0), [7], {}),
    'sb3-categorical': (Categorical(), [5], {}),
    'sac-squashed': (Squashed(), [4], {}),
    'dqn-duelling': (Duelling(), [6], {}),
    'silu-elu-softmax': (Gated(), [2, 4], {}),
    'sigmoid-sigmoid': (Sigmoids(), [3], {}),
    'limited-slices': (Limited(), [6], {}),
    'two-tanh-heads': (tanh_pair(), [4], {}),
    'unbatched': (nn.Sequential(nn.Linear(4, 5), nn.Tanh(), nn.Linear(5, 3)), [4], {'rank': 1}),
    'fixed-batch': (nn.Sequential(nn.Flatten(), nn.Linear(6, 7), nn.ReLU(), nn.Linear(7, 4), nn.LogSoftmax(-1)), [3, 2], {'fixed': True}),
    'relu-wide': (nn.Sequential(nn.Linear(31, 33), nn.ReLU(), nn.Linear(33, 17), nn.ReLU(), nn.Linear(17, 20)), [31], {'double': True}),
}

for index, (name, (module, shape, how)) in enumerate(cases.items()):
    torch.manual_seed(100 + index)
    for child in module.modules():
        if isinstance(child, nn.Linear):
            child.reset_parameters()
    module.eval()
    x = torch.randn(8, *shape) * 2 if name != 'tanh-far-normaliser' else module.mean + torch.randn(8, 7) * 2
    if how.get('double'):
        module, x = module.double(), x.double()
    one = x[0] if how.get('rank') == 1 else x[:1]
    dynamic = {} if how.get('fixed') or how.get('rank') == 1 else {'dynamic_axes': {'obs': {0: 'batch'}}}
    torch.onnx.export(module, one, os.path.join(here, f'{name}.onnx'), input_names=['obs'], opset_version=13 if index % 2 else 11, **dynamic)
    raw = getattr(module, 'raw', None) or (module[:-1] if name == 'fixed-batch' else module)
    with torch.no_grad():
        y = module.double()(x.double())
        outputs = raw(x.double())
    y = y[0] if isinstance(y, tuple) else y
    record = {'observations': x.flatten(1).tolist(), 'raw': outputs.tolist(), 'graph': y.tolist()}
    with open(os.path.join(here, f'{name}.json'), 'w') as file:
        json.dump(record, file)
        file.write('\n')
