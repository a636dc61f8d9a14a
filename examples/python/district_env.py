"""The district as a Gymnasium environment over ws://HOST:PORT/env/ws, with Python's standard library alone.

    python3 examples/python/district_env.py 127.0.0.1 8787        # a day of a controller that does nothing
"""
import base64, json, os, socket, struct, sys

try:
    import gymnasium
    Base = gymnasium.Env
except ImportError:
    Base = object


class DistrictEnv(Base):
    """One building. Actions are physical values, observations are normalised; `spaces` names both with their units."""

    def __init__(self, host="127.0.0.1", port=8787, token=None, scenario=None):
        self.scenario = scenario or {}
        self.sock = socket.create_connection((host, port))
        auth = f"Authorization: Bearer {token}\r\n" if token else ""
        key = base64.b64encode(os.urandom(16)).decode()
        self.sock.sendall((f"GET /env/ws HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                           f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n{auth}\r\n").encode())
        self.stream = self.sock.makefile("rb")
        status = self.stream.readline().decode().strip()
        while self.stream.readline().strip():
            pass
        if " 101 " not in status:
            raise ConnectionError(status)

    def _ask(self, type, **data):
        body, mask = json.dumps({"type": type, "data": data}).encode(), os.urandom(4)
        size = bytes([0x80 | len(body)]) if len(body) < 126 else b"\xfe" + struct.pack(">H", len(body))
        self.sock.sendall(b"\x81" + size + mask + bytes(b ^ mask[i % 4] for i, b in enumerate(body)))
        length = self.stream.read(2)[1] & 0x7F
        if length >= 126:
            length = int.from_bytes(self.stream.read(2 if length == 126 else 8), "big")
        answer = json.loads(self.stream.read(length))
        if answer["type"] == "error":
            raise ValueError(answer["data"]["message"])
        return answer["data"]

    def reset(self, *, seed=None, options=None):
        data = self._ask("reset", seed=seed or 0, scenario=self.scenario)
        self.spaces = {name: data["metadata"][f"{name}_space"]["features"] for name in ("observation", "action")}
        if Base is not object:
            bounds = lambda of: [__import__("numpy").array([f[of] for f in self.spaces["action"]], "float32")]
            self.action_space = gymnasium.spaces.Box(*bounds("low"), *bounds("high"))
            self.observation_space = gymnasium.spaces.Box(-float("inf"), float("inf"), (len(data["observation"]),))
        return data["observation"], data["metadata"]

    def step(self, action):
        data = self._ask("step", action=[float(a) for a in action])
        meta = data["metadata"]
        observation = meta.get("final_observation", data["observation"])
        return observation, data["reward"], meta["terminated"], meta["truncated"], meta


if __name__ == "__main__":
    env = DistrictEnv(sys.argv[1], int(sys.argv[2]), os.environ.get("FAULTLINE_TOKEN"))
    observation, _ = env.reset(seed=0)
    total = sum(env.step([0.0] * len(env.spaces["action"]))[1] for _ in range(24))
    print(json.dumps({"observations": len(observation), "actions": len(env.spaces["action"]), "return": total}))
