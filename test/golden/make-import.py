"""Writes test/golden/import: small controllers in the layouts of Stable-Baselines3, PyTorch and safetensors, with what they compute.

Needs PyTorch (1.13 was used) and numpy only: `/usr/bin/python3 test/golden/make-import.py`. Stable-Baselines3, Gym and Gymnasium are not
needed: stand-in classes under their module names make pickle write the very names that theirs have; arrays, data types, random generators,
activations, optimisers and weight files are the real ones. Layout: Stable-Baselines3, common/save_util.py.
"""

import base64
import io
import json
import os
import pickle
import struct
import sys
import types
import zipfile

import numpy as np
import torch
from torch import nn

OUT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "import")
ROWS = 8
torch.manual_seed(20260)
rng = np.random.default_rng(20260)


def stand_in(module, name):
    """An empty class that pickle takes for `module.name`."""
    parts = module.split(".")
    for i in range(1, len(parts) + 1):
        sys.modules.setdefault(".".join(parts[:i]), types.ModuleType(".".join(parts[:i])))
    made = type(name, (), {"__module__": module, "__qualname__": name})
    setattr(sys.modules[module], name, made)
    return made


SPACES = {
    (library, name): stand_in(f"{library}.spaces.{module}", name)
    for library in ("gym", "gymnasium")
    for module, name in (("box", "Box"), ("discrete", "Discrete"), ("multi_discrete", "MultiDiscrete"), ("dict", "Dict"))
}
POLICIES = {
    "ppo": stand_in("stable_baselines3.common.policies", "ActorCriticPolicy"),
    "sac": stand_in("stable_baselines3.sac.policies", "SACPolicy"),
    "td3": stand_in("stable_baselines3.td3.policies", "TD3Policy"),
    "dqn": stand_in("stable_baselines3.dqn.policies", "DQNPolicy"),
}
VecNormalize = stand_in("stable_baselines3.common.vec_env.vec_normalize", "VecNormalize")
RunningMeanStd = stand_in("stable_baselines3.common.running_mean_std", "RunningMeanStd")


class Numpy2:
    """While it lasts, arrays are pickled under the names that numpy 2 has."""

    def __enter__(self):
        import numpy.core.multiarray as multiarray
        import numpy.core.numeric as numeric

        self.moved = [(multiarray, "_reconstruct"), (multiarray, "scalar"), (numeric, "_frombuffer")]
        for module, name in self.moved:
            new = module.__name__.replace("numpy.core", "numpy._core")
            sys.modules.setdefault("numpy._core", types.ModuleType("numpy._core"))
            sys.modules.setdefault(new, types.ModuleType(new))
            setattr(sys.modules[new], name, getattr(module, name))
            getattr(module, name).__module__ = new

    def __exit__(self, *_):
        for module, name in self.moved:
            getattr(module, name).__module__ = module.__name__
        for name in [name for name in sys.modules if name.startswith("numpy._core")]:
            del sys.modules[name]


def space(library, name, **attributes):
    made = SPACES[library, name]()
    made.__dict__.update(attributes)
    return made


def box(library, low, high, shape=None, seeded=False):
    low, high = (np.asarray(bound, dtype=np.float32) for bound in (low, high))
    if shape is not None:
        low, high = low.reshape(shape), high.reshape(shape)
    return space(
        library,
        "Box",
        dtype=np.dtype("float32"),
        _shape=low.shape,
        low=low,
        high=high,
        low_repr=str(low.min()),
        high_repr=str(high.max()),
        bounded_below=np.isfinite(low),
        bounded_above=np.isfinite(high),
        _np_random=np.random.Generator(np.random.PCG64(7)) if seeded else None,
    )


def discrete(library, n, start=0):
    return space(library, "Discrete", n=n, start=start, _shape=(), dtype=np.dtype("int64"), _np_random=None)


def is_plain(value):
    try:
        json.dumps(value)
        return True
    except TypeError:
        return False


def data_item(value):
    """`data_to_json` of save_util.py; cloudpickle writes importable things as pickle does."""
    if is_plain(value):
        return value
    item = {":type:": str(type(value)), ":serialized:": base64.b64encode(pickle.dumps(value, 5)).decode()}
    attributes = value if isinstance(value, dict) else getattr(value, "__dict__", {})
    for key, attribute in dict(attributes).items():
        if isinstance(key, str) and not key.startswith("__"):
            item[key] = attribute if is_plain(attribute) else str(attribute)
    return item


def torch_bytes(value):
    buffer = io.BytesIO()
    torch.save(value, buffer)
    return buffer.getvalue()


def write_sb3(name, data, state, compression=zipfile.ZIP_STORED):
    data = {key: data_item(value) for key, value in data.items()}
    module = nn.ParameterDict({key.replace(".", "_"): nn.Parameter(value) for key, value in state.items()})
    entries = {
        "data": json.dumps(data, indent=4).encode(),
        "pytorch_variables.pth": torch_bytes({}),
        "policy.pth": torch_bytes(state),
        "policy.optimizer.pth": torch_bytes(torch.optim.Adam(module.parameters(), lr=3e-4).state_dict()),
        "_stable_baselines3_version": b"2.3.2",
        "system_info.txt": b"- OS: Linux\n- Python: 3.11.2\n- Stable-Baselines3: 2.3.2\n- PyTorch: 1.13.0\n",
    }
    with zipfile.ZipFile(os.path.join(OUT, name), "w") as archive:
        for key, content in entries.items():
            info = zipfile.ZipInfo(key, date_time=(2026, 1, 1, 0, 0, 0))
            info.compress_type = compression
            with archive.open(info, "w", force_zip64=True) as entry:
                entry.write(content)


def chain(widths, activation, last=None):
    layers = []
    for i, (inputs, outputs) in enumerate(zip(widths, widths[1:])):
        layers.append(nn.Linear(inputs, outputs))
        if i < len(widths) - 2:
            layers.append(activation())
    if last is not None:
        layers.append(last)
    return nn.Sequential(*layers)


def prefixed(state, prefix):
    return {f"{prefix}.{key}": value for key, value in state.items()}


def observations(low, high):
    low, high = np.asarray(low, dtype=np.float64), np.asarray(high, dtype=np.float64)
    low, high = np.where(np.isfinite(low), low, -3), np.where(np.isfinite(high), high, 3)
    return (low + rng.random((ROWS, low.size)) * (high - low)).astype(np.float32)


def numbers(values):
    return [[float(value) for value in row] for row in np.atleast_2d(np.asarray(values))]


def expect(name, seen, outputs=None, actions=None, **options):
    case = {"file": name, **options, "observations": numbers(seen)}
    if outputs is not None:
        case["outputs"] = numbers(outputs)
    if actions is not None:
        case["actions"] = numbers(actions)
    with open(os.path.join(OUT, name.rsplit(".", 1)[0] + ".json"), "w") as file:
        json.dump(case, file)
        file.write("\n")


def run(network, seen):
    with torch.no_grad():
        return network(torch.as_tensor(seen)).numpy()


def common(policy, observation, action, kwargs, **more):
    return {
        "policy_class": POLICIES[policy],
        "verbose": 0,
        "policy_kwargs": kwargs,
        "num_timesteps": 2048,
        "seed": 1,
        "observation_space": observation,
        "action_space": action,
        "n_envs": 1,
        "_last_obs": np.zeros((1, 4), dtype=np.float32),
        **more,
    }


def save_statistics(name, size, observation, action, seen):
    made = RunningMeanStd()
    made.__dict__.update(
        mean=seen.mean(axis=0).astype(np.float64), var=seen.var(axis=0).astype(np.float64) + 0.01, count=1234.0001
    )
    returns = RunningMeanStd()
    returns.__dict__.update(mean=np.float64(0.3), var=np.float64(2.0), count=1234.0001)
    wrapper = VecNormalize()
    wrapper.__dict__.update(
        num_envs=1,
        observation_space=observation,
        action_space=action,
        reset_infos=[{}],
        _seeds=[None],
        _options=[{}],
        render_mode=None,
        norm_obs=True,
        norm_obs_keys=None,
        obs_spaces=None,
        obs_rms=made,
        ret_rms=returns,
        clip_obs=1.5,
        clip_reward=10.0,
        gamma=0.99,
        epsilon=1e-8,
        training=False,
        norm_reward=True,
        old_reward=np.zeros(1),
        old_obs=np.zeros((1, size), dtype=np.float32),
    )
    with open(os.path.join(OUT, name), "wb") as file:
        pickle.dump(wrapper, file)
    scaled = (seen - made.mean) / np.sqrt(made.var + 1e-8)
    return np.clip(scaled, -1.5, 1.5).astype(np.float32)


def actor_critic(name, library, widths, activation, usual, action, *, kwargs=None, shared=0, obs=None, sde=False,
                 statistics=False, gymnasium2=False, algorithm="ppo", options=None):
    """PPO and A2C: widths = observation, hidden…, outputs; the first `shared` hidden layers are shared with the critic."""
    size = widths[0]
    low, high = obs if obs is not None else ([-np.inf] * size, [np.inf] * size)
    body = chain(widths[:-1] + [1], activation)[:-1]
    head = nn.Linear(widths[-2], widths[-1])
    linears = [layer for layer in body if isinstance(layer, nn.Linear)]
    state = {}
    is_box = action[0] == "box"
    if is_box:
        state["log_std"] = torch.randn(widths[-2], widths[-1]) * 0.1 if sde else torch.randn(widths[-1]) * 0.3 - 0.5
    for i, layer in enumerate(linears):
        where = f"mlp_extractor.shared_net.{2 * i}" if i < shared else f"mlp_extractor.policy_net.{2 * (i - shared)}"
        state.update(prefixed(layer.state_dict(), where))
    critic = chain([widths[shared]] + widths[1 + shared:-1] + [1], activation)
    for key, value in critic.state_dict().items():
        index, field = key.split(".")
        last = int(index) == 2 * (len(widths) - 2 - shared)
        state[f"value_net.{field}" if last else f"mlp_extractor.value_net.{key}"] = value
    state.update(prefixed(head.state_dict(), "action_net"))

    def make():
        observation = box(library, low, high, seeded=statistics)
        acts = box(library, *action[1:]) if is_box else discrete(library, action[1])
        settings = dict(kwargs or {})
        if activation is not usual:
            settings["activation_fn"] = activation
        write_sb3(name, common("ppo", observation, acts, settings, use_sde=sde, gae_lambda=0.95), state)
        return observation, acts

    if gymnasium2:
        with Numpy2():
            observation, acts = make()
    else:
        observation, acts = make()
    seen = observations(low, high)
    options = dict(options or {})
    read = seen
    if statistics:
        pickle_name = name.replace(".zip", ".pkl")
        read = save_statistics(pickle_name, size, observation, acts, seen)
        options["vecnormalize"] = pickle_name
    outputs = run(nn.Sequential(body, head), read)
    if not is_box:
        expect(name, seen, outputs, outputs.argmax(axis=1).reshape(-1, 1), head="categorical", **options)
        return
    actions = np.clip(outputs, action[1], action[2])
    if not sde:
        outputs = np.concatenate([outputs, np.tile(state["log_std"].numpy(), (ROWS, 1))], axis=1)
    expect(name, seen, outputs, actions, head="gaussian", **options)


def soft_actor_critic(name, library, widths, activation, low, high, *, sde=False, numpy2=False, compression=zipfile.ZIP_STORED, shape=None):
    size = widths[0]
    body = chain(widths[:-1] + [1], activation)[:-1]
    mean = nn.Linear(widths[-2], widths[-1])
    log_std = nn.Linear(widths[-2], widths[-1])
    state = prefixed(body.state_dict(), "actor.latent_pi")
    if sde:
        mean.weight.data *= 8  # so that the clip of the mean is reached
        state["actor.log_std"] = torch.randn(widths[-2], widths[-1]) * 0.1
        state.update(prefixed(mean.state_dict(), "actor.mu.0"))
    else:
        state.update(prefixed(mean.state_dict(), "actor.mu"))
        state.update(prefixed(log_std.state_dict(), "actor.log_std"))
    for i in range(2):
        state.update(prefixed(chain([size + widths[-1], 8, 1], activation).state_dict(), f"critic.qf{i}"))
    kwargs = {"use_sde": sde}
    if activation is not nn.ReLU:
        kwargs["activation_fn"] = activation

    def make():
        observation = box(library, [-1] * size, [1] * size, shape=shape)
        write_sb3(name, common("sac", observation, box(library, low, high), kwargs, use_sde=sde), state, compression)

    if numpy2:
        with Numpy2():
            make()
    else:
        make()
    seen = observations([-1] * size, [1] * size)
    latent = nn.Sequential(body)
    if sde:
        means = run(nn.Sequential(latent, mean, nn.Hardtanh(-2.0, 2.0)), seen)
        assert (np.abs(means) == 2).any() and (np.abs(means) < 2).any()
        outputs = means
    else:
        means = run(nn.Sequential(latent, mean), seen)
        outputs = np.concatenate([means, run(nn.Sequential(latent, log_std), seen)], axis=1)
    low, high = np.asarray(low, dtype=np.float32), np.asarray(high, dtype=np.float32)
    actions = low + 0.5 * (np.tanh(means) + 1) * (high - low)
    expect(name, seen, outputs, actions, head="squashed-gaussian")


def twin_delayed(name, library, widths, activation, low, high, **options):
    network = chain(widths, activation, nn.Tanh())
    state = prefixed(network.state_dict(), "actor.mu")
    state.update(prefixed(network.state_dict(), "actor_target.mu"))
    state.update(prefixed(chain([widths[0] + widths[-1], 8, 1], activation).state_dict(), "critic.qf0"))
    kwargs = {} if activation is nn.ReLU else {"activation_fn": activation}
    size = widths[0]
    observation = box(library, [0] * size, [1] * size)
    write_sb3(name, common("td3", observation, box(library, low, high), kwargs), state)
    seen = observations([0] * size, [1] * size)
    means = run(network[:-1], seen)
    low, high = np.asarray(low, dtype=np.float32), np.asarray(high, dtype=np.float32)
    actions = low + 0.5 * (run(network, seen) + 1) * (high - low)
    if options.get("head") == "deterministic":
        expect(name, seen, None, actions, **options)
    else:
        expect(name, seen, means, actions, head="squashed-gaussian", **options)


def deep_q(name, library, widths, activation, n, **options):
    network = chain(widths, activation)
    state = prefixed(network.state_dict(), "q_net.q_net")
    state.update(prefixed(network.state_dict(), "q_net_target.q_net"))
    kwargs = {} if activation is nn.ReLU else {"activation_fn": activation, "net_arch": widths[1:-1]}
    size = widths[0]
    write_sb3(name, common("dqn", box(library, [-2] * size, [2] * size), discrete(library, n), kwargs), state)
    seen = observations([-2] * size, [2] * size)
    outputs = run(network, seen)
    expect(name, seen, outputs, outputs.argmax(axis=1).reshape(-1, 1), head="categorical", **options)


def write_torch(name, value):
    with open(os.path.join(OUT, name), "wb") as file:
        file.write(torch_bytes(value))


def write_safetensors(name, tensors):
    """The format itself: a length, a JSON header, the data."""
    dtypes = {torch.float32: "F32", torch.float64: "F64", torch.float16: "F16", torch.bfloat16: "BF16"}
    header, data = {"__metadata__": {"format": "pt"}}, b""
    for key, value in tensors.items():
        raw = value.contiguous().view(torch.int16).numpy().tobytes() if value.dtype is torch.bfloat16 else value.numpy().tobytes()
        header[key] = {"dtype": dtypes[value.dtype], "shape": list(value.shape), "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(os.path.join(OUT, name), "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)


def torch_files():
    unit = lambda size: observations([0] * size, [1] * size)

    network = chain([6, 12, 10, 4], nn.ReLU)
    write_torch("torch-relu.pth", network.state_dict())
    seen = unit(6)
    outputs = run(network, seen)
    expect("torch-relu.pth", seen, outputs, outputs.argmax(axis=1).reshape(-1, 1), activation="relu", head="categorical")

    actor, critic = chain([5, 9, 9, 2], nn.Tanh).double(), chain([5, 9, 1], nn.Tanh).double()
    log_std = torch.tensor([-0.7, 0.2], dtype=torch.float64)
    state = {"log_std": log_std, **prefixed(actor.state_dict(), "actor"), **prefixed(critic.state_dict(), "critic")}
    write_torch("torch-checkpoint.pt", {"model_state_dict": state, "epoch": 12, "loss": 0.25})
    seen = unit(5)
    means = run(actor, seen.astype(np.float64))
    expect("torch-checkpoint.pt", seen, np.concatenate([means, np.tile(log_std.numpy(), (ROWS, 1))], axis=1),
           np.clip(means, [-0.3, -1], [0.4, 2]), activation="tanh", head="gaussian", net="actor", low=[-0.3, -1], high=[0.4, 2])

    network = chain([7, 8, 8, 1], nn.ELU).half()
    names = ["l1", "l2", "l3"]
    linears = [layer for layer in network if isinstance(layer, nn.Linear)]
    state = {}
    for label, layer in zip(names, linears):
        state.update(prefixed(layer.state_dict(), label))
    write_torch("torch-half.pth", state)
    seen = unit(7)
    means = run(network.float(), seen)
    actions = 0.5 * (np.tanh(means) + 1) * 0.6 - 0.2
    expect("torch-half.pth", seen, means, actions, activation="elu", head="squashed-gaussian", low=[-0.2], high=[0.4])

    network = chain([4, 11, 3], nn.SiLU)
    write_safetensors("silu.safetensors", network.state_dict())
    seen = unit(4)
    outputs = run(network, seen)
    expect("silu.safetensors", seen, outputs, outputs.argmax(axis=1).reshape(-1, 1), activation="silu", head="categorical", values=[-1, 0, 1])

    network = chain([4, 8, 8, 2], nn.ReLU).bfloat16()
    write_safetensors("bfloat16.safetensors", network.state_dict())
    seen = unit(4)
    outputs = run(network.float(), seen)
    expect("bfloat16.safetensors", seen, outputs, np.clip(outputs, [-1, 0], [1, 0.2]), activation="relu", head="deterministic", low=[-1, 0], high=[1, 0.2])

    network = chain([3, 9, 8, 5], nn.Sigmoid).double()
    write_safetensors("sigmoid.safetensors", network.state_dict())
    seen = unit(3)
    outputs = run(network, seen.astype(np.float64))
    expect("sigmoid.safetensors", seen, outputs, outputs.argmax(axis=1).reshape(-1, 1), activation="sigmoid", head="categorical")


def main():
    os.makedirs(OUT, exist_ok=True)
    rms = {"optimizer_class": torch.optim.RMSprop, "optimizer_kwargs": {"alpha": 0.99, "eps": 1e-5, "weight_decay": 0}}
    actor_critic("ppo-discrete.zip", "gymnasium", [4, 8, 8, 5], nn.Tanh, nn.Tanh, ("discrete", 5))
    actor_critic("ppo-box.zip", "gym", [6, 16, 8, 1], nn.ELU, nn.Tanh, ("box", [-0.8], [0.6]), kwargs={"net_arch": [{"pi": [16, 8], "vf": [16, 8]}]})
    actor_critic("ppo-gsde.zip", "gymnasium", [5, 8, 8, 2], nn.Tanh, nn.Tanh, ("box", [-1, -2], [1, 2]), sde=True, kwargs={"log_std_init": -2})
    actor_critic("ppo-shared.zip", "gym", [5, 12, 8, 3], nn.ReLU, nn.Tanh, ("discrete", 3), shared=1, options={"values": [-0.5, 0, 0.5]})
    actor_critic("ppo-vecnormalize.zip", "gymnasium", [6, 8, 8, 4], nn.Tanh, nn.Tanh, ("discrete", 4),
                 obs=([0, -10, 100, 0, -1, 5], [1, 40, 2000, 50, 1, 9]), statistics=True, options={"reads": "physical"})
    actor_critic("ppo-box-vecnormalize.zip", "gym", [3, 10, 2], nn.Tanh, nn.Tanh, ("box", [-1, -1], [1, 1]),
                 obs=([0, -5, 10], [4, 5, 30]), statistics=True)
    actor_critic("a2c-discrete.zip", "gymnasium", [7, 8, 4], nn.SiLU, nn.Tanh, ("discrete", 4), kwargs=rms, gymnasium2=True, algorithm="a2c")
    actor_critic("a2c-box.zip", "gym", [4, 9, 8, 2], nn.Sigmoid, nn.Tanh, ("box", [-1, 0], [1, 3]), kwargs=rms, algorithm="a2c")
    soft_actor_critic("sac.zip", "gym", [8, 16, 16, 1], nn.ReLU, [-1], [1])
    soft_actor_critic("sac-deflated.zip", "gymnasium", [6, 12, 8, 2], nn.Tanh, [-0.5, 2], [1.5, 7], numpy2=True, compression=zipfile.ZIP_DEFLATED, shape=(2, 3))
    soft_actor_critic("sac-gsde.zip", "gymnasium", [5, 10, 8, 2], nn.ReLU, [-1, -1], [1, 2], sde=True)
    twin_delayed("td3.zip", "gymnasium", [6, 10, 8, 1], nn.ReLU, [-1], [1])
    twin_delayed("ddpg.zip", "gym", [4, 8, 8, 8, 2], nn.ELU, [-2, 0], [2, 0.5], head="deterministic")
    deep_q("dqn.zip", "gymnasium", [5, 8, 8, 6], nn.ReLU, np.int64(6), low=[-0.4], high=[0.8])
    deep_q("dqn-tanh.zip", "gym", [3, 8, 12, 8, 4], nn.Tanh, 4)
    torch_files()


if __name__ == "__main__":
    main()
