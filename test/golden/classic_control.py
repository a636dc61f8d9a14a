"""Writes classic-control.json: trajectories of Gymnasium's CartPole-v1 and Pendulum-v1 from first principles.

    python3 test/golden/classic_control.py > test/golden/classic-control.json

Nothing here follows the code under test. The cart-pole's accelerations solve the two equations of motion of cart and pole as a
linear system; the pendulum is a rod with its moment of inertia; the angle is wrapped with arctan2. The integrators, thresholds and
rewards are Gymnasium's definitions: explicit Euler of 0.02 s, semi-implicit Euler of 0.05 s.
"""

import json
import sys

import numpy as np


def cart_pole(start, pushes):
    cart, pole, half, gravity, dt = 1.0, 0.1, 0.5, 9.8, 0.02
    position, velocity, angle, spin = start
    states, end = [], None
    for t, push in enumerate(pushes):
        pull = 10.0 if push else -10.0
        # d/dt of the momenta: [M + m, m l cos; m l cos, 4/3 m l^2] [x'', angle''] = [F + m l angle'^2 sin, m g l sin]
        couple = pole * half * np.cos(angle)
        masses = np.array([[cart + pole, couple], [couple, 4 / 3 * pole * half**2]])
        forces = np.array([pull + pole * half * spin**2 * np.sin(angle), pole * gravity * half * np.sin(angle)])
        acceleration, angular = np.linalg.solve(masses, forces)
        position, velocity = position + dt * velocity, velocity + dt * acceleration
        angle, spin = angle + dt * spin, spin + dt * angular
        states.append([position, velocity, angle, spin])
        if end is None and (abs(position) > 2.4 or abs(np.degrees(angle)) > 12):
            end = t
    return states, end


def pendulum(start, torques):
    gravity, mass, length, dt = 10.0, 1.0, 1.0, 0.05
    inertia = mass * length**2 / 3
    angle, spin = start
    states, rewards = [], []
    for wanted in torques:
        torque = np.clip(wanted, -2, 2)
        off = np.arctan2(np.sin(angle), np.cos(angle))
        rewards.append(-(off**2 + 0.1 * spin**2 + 0.001 * torque**2))
        angular = (mass * gravity * length / 2 * np.sin(angle) + torque) / inertia
        spin = np.clip(spin + dt * angular, -8, 8)
        angle = angle + dt * spin
        states.append([angle, spin])
    return states, rewards


generator = np.random.default_rng(20240501)
poles = []
for pushes in ([1, 0] * 40, [1] * 30, list(generator.integers(0, 2, 80)), [0, 0, 1] * 20):
    start = generator.uniform(-0.05, 0.05, 4)
    states, end = cart_pole(start, pushes)
    poles.append(
        {"start": list(start), "pushes": "".join(map(str, pushes)), "end": end, "states": states[9::10], "stride": 10}
    )
rods = []
for torques in ([0.0] * 100, [2.0] * 100, list(np.round(generator.uniform(-3, 3, 100), 3))):
    start = [generator.uniform(-np.pi, np.pi), generator.uniform(-1, 1)]
    states, rewards = pendulum(start, torques)
    rods.append(
        {"start": start, "torques": torques, "states": states[9::10], "rewards": rewards[9::10], "stride": 10}
    )
lines = {name: ",\n".join(json.dumps(entry) for entry in entries) for name, entries in (("cartPole", poles), ("pendulum", rods))}
sys.stdout.write("{" + ",\n".join(f'"{name}": [\n{text}\n]' for name, text in lines.items()) + "}\n")
