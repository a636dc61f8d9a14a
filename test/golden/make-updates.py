#!/usr/bin/env python3
"""Five updates of SAC, TD3 and DQN in PyTorch, written as Stable-Baselines3 writes them: test/golden/updates.json.

    /usr/bin/python3 test/golden/make-updates.py > test/golden/updates.json

Inputs are not stored: weights, batches and noise are drawn from the same Park-Miller stream that the test draws from
(test/agents/off-policy/torch-updates.test.ts), in the same order. Made with PyTorch 1.13.
"""

import json

import numpy as np
import torch
from torch import nn
from torch.nn.functional import mse_loss, smooth_l1_loss

INPUTS, ACTIONS, BINS, ROWS, UPDATES, HIDDEN = 3, 2, 4, 6, 5, [5, 4]
LEARNING_RATE, GAMMA, TAU = 1e-2, 0.97, 0.05


class Stream:
    """x <- 16807 x mod (2^31 - 1), as numbers in (-1, 1)."""

    def __init__(self, seed):
        self.x = seed

    def draw(self, count, scale=1.0):
        values = []
        for _ in range(count):
            self.x = self.x * 16807 % 2147483647
            values.append(scale * (2 * self.x / 2147483647 - 1))
        return np.array(values, dtype=np.float32)


def mlp(stream, widths):
    layers = []
    for inputs, outputs in zip(widths, widths[1:]):
        linear = nn.Linear(inputs, outputs)
        linear.weight.data = torch.from_numpy(stream.draw(inputs * outputs, 0.6).reshape(inputs, outputs).T.copy())
        linear.bias.data = torch.from_numpy(stream.draw(outputs, 0.6))
        layers += [linear, nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def copy(network, widths):
    other = mlp(Stream(1), widths)
    other.load_state_dict(network.state_dict())
    return other


def parameters(network):
    flat = [x for p in network if isinstance(p, nn.Linear) for x in (p.weight.T.reshape(-1), p.bias)]
    return numbers(torch.cat(flat))


def numbers(values):
    return [float(f"{x:.7g}") for x in values.detach().numpy().astype(np.float64).reshape(-1)]


def batch(stream, actions):
    x = torch.from_numpy(stream.draw(ROWS * INPUTS).reshape(ROWS, INPUTS))
    next_x = torch.from_numpy(stream.draw(ROWS * INPUTS).reshape(ROWS, INPUTS))
    if actions:
        action = torch.from_numpy(stream.draw(ROWS * actions).reshape(ROWS, actions))
    else:
        action = torch.from_numpy(np.floor((stream.draw(ROWS).astype(np.float64) + 1) / 2 * BINS).astype(np.int64))
    reward = torch.from_numpy(stream.draw(ROWS))
    terminated = torch.from_numpy((stream.draw(ROWS) > 0.5).astype(np.float32))
    return x, next_x, action, reward, terminated


def noise(stream):
    return torch.from_numpy(stream.draw(ROWS * ACTIONS, 1.5).reshape(ROWS, ACTIONS))


def polyak(target, source, tau):
    with torch.no_grad():
        for a, b in zip(target.parameters(), source.parameters()):
            a.copy_(a + tau * (b - a))


def adam(network):
    return torch.optim.Adam(network.parameters(), lr=LEARNING_RATE)


def step(optimiser, loss):
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()


def sac():
    stream = Stream(11)
    critic_widths = [INPUTS + ACTIONS, *HIDDEN, 1]
    actor = mlp(stream, [INPUTS, *HIDDEN, 2 * ACTIONS])
    critics = [mlp(stream, critic_widths) for _ in range(2)]
    targets = [copy(critic, critic_widths) for critic in critics]
    log_alpha = torch.log(torch.tensor([0.2])).requires_grad_(True)
    optimisers = [adam(actor), *map(adam, critics)]
    alpha_optimiser = torch.optim.Adam([log_alpha], lr=LEARNING_RATE)
    losses = []

    def draw(x, epsilon):
        mean, log_std = actor(x).chunk(2, dim=1)
        log_std = log_std.clamp(-20, 2)
        distribution = torch.distributions.Normal(mean, log_std.exp())
        u = mean + log_std.exp() * epsilon
        a = torch.tanh(u)
        # log(1 - a^2) without Stable-Baselines3's 1e-6, which keeps it finite; this form needs no such thing.
        squashing = 2 * (np.log(2) - u - nn.functional.softplus(-2 * u))
        return a, (distribution.log_prob(u) - squashing).sum(dim=1)

    for _ in range(UPDATES):
        x, next_x, action, reward, terminated = batch(stream, ACTIONS)
        next_noise, this_noise = noise(stream), noise(stream)
        alpha = log_alpha.detach().exp()
        with torch.no_grad():
            next_action, next_log_prob = draw(next_x, next_noise)
            q = torch.cat([target(torch.cat([next_x, next_action], 1)) for target in targets], 1).min(dim=1).values
            y = reward + (1 - terminated) * GAMMA * (q - alpha * next_log_prob)
        a, log_prob = draw(x, this_noise)
        step(alpha_optimiser, -(log_alpha * (log_prob - ACTIONS).detach()).mean())
        critic_loss = 0.5 * sum(mse_loss(critic(torch.cat([x, action], 1))[:, 0], y) for critic in critics)
        for optimiser in optimisers[1:]:
            optimiser.zero_grad()
        critic_loss.backward()
        for optimiser in optimisers[1:]:
            optimiser.step()
        q = torch.cat([critic(torch.cat([x, a], 1)) for critic in critics], 1).min(dim=1).values
        actor_loss = (alpha * log_prob - q).mean()
        step(optimisers[0], actor_loss)
        for target, critic in zip(targets, critics):
            polyak(target, critic, TAU)
        losses.append({"criticLoss": critic_loss.item(), "actorLoss": actor_loss.item(), "temperature": alpha.item()})
    return {"losses": losses, "actor": parameters(actor), "critics": [*map(parameters, critics)], "targets": [*map(parameters, targets)]}


def td3():
    stream = Stream(12)
    actor_widths, critic_widths = [INPUTS, *HIDDEN, ACTIONS], [INPUTS + ACTIONS, *HIDDEN, 1]
    actor = mlp(stream, actor_widths)
    critics = [mlp(stream, critic_widths) for _ in range(2)]
    actor_target = copy(actor, actor_widths)
    targets = [copy(critic, critic_widths) for critic in critics]
    actor_optimiser, optimisers = adam(actor), [*map(adam, critics)]
    losses, actor_loss = [], torch.zeros(1)
    for update in range(1, UPDATES + 1):
        x, next_x, action, reward, terminated = batch(stream, ACTIONS)
        with torch.no_grad():
            smoothing = (0.4 * noise(stream)).clamp(-0.5, 0.5)
            next_action = (torch.tanh(actor_target(next_x)) + smoothing).clamp(-1, 1)
            q = torch.cat([target(torch.cat([next_x, next_action], 1)) for target in targets], 1).min(dim=1).values
            y = reward + (1 - terminated) * GAMMA * q
        critic_loss = sum(mse_loss(critic(torch.cat([x, action], 1))[:, 0], y) for critic in critics)
        for optimiser in optimisers:
            optimiser.zero_grad()
        critic_loss.backward()
        for optimiser in optimisers:
            optimiser.step()
        if update % 2 == 0:
            actor_loss = -critics[0](torch.cat([x, torch.tanh(actor(x))], 1)).mean()
            step(actor_optimiser, actor_loss)
            for target, critic in zip(targets, critics):
                polyak(target, critic, TAU)
            polyak(actor_target, actor, TAU)
        losses.append({"criticLoss": critic_loss.item(), "actorLoss": actor_loss.item()})
    return {
        "losses": losses,
        "actor": parameters(actor),
        "actorTarget": parameters(actor_target),
        "critics": [*map(parameters, critics)],
        "targets": [*map(parameters, targets)],
    }


def dqn(double):
    stream = Stream(13)
    widths = [INPUTS, *HIDDEN, BINS]
    online = mlp(stream, widths)
    # Not a copy: else the target and the online network agree on the best next action.
    target = mlp(stream, widths)
    optimiser = adam(online)
    losses = []
    for update in range(UPDATES):
        x, next_x, action, reward, terminated = batch(stream, 0)
        reward = 3 * reward  # beyond the quadratic part of the loss
        with torch.no_grad():
            next_q = target(next_x)
            best = (online(next_x) if double else next_q).argmax(dim=1, keepdim=True)
            y = reward + (1 - terminated) * GAMMA * next_q.gather(1, best)[:, 0]
        loss = smooth_l1_loss(online(x).gather(1, action[:, None])[:, 0], y)
        optimiser.zero_grad()
        loss.backward()
        norm = nn.utils.clip_grad_norm_(online.parameters(), 0.5)
        optimiser.step()
        if update == 2:
            polyak(target, online, TAU)
        losses.append({"loss": loss.item(), "gradientNorm": norm.item()})
    return {"losses": losses, "online": parameters(online), "target": parameters(target)}


for name, result in {"sac": sac(), "td3": td3(), "dqn": dqn(False), "doubleDqn": dqn(True)}.items():
    print("{" if name == "sac" else ",", json.dumps(name) + ":", json.dumps(result, separators=(",", ":")))
print("}")
