"""What was sent to a target, read back by a reader that is not ours."""

import json
import struct
import time
from collections import defaultdict
from pathlib import Path

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from flatline.loggers import (
    MlflowLogger,
    TensorBoardLogger,
    WandbLogger,
    send_to_mlflow,
    send_to_tensorboard,
    send_to_wandb,
)


class TensorBoard:
    def __init__(self, path):
        self.path = path / "logs"

    def logger(self, monitor):
        return TensorBoardLogger(monitor, self.path)

    def send(self, record):
        send_to_tensorboard(record, self.path)

    def _events(self):
        events = EventAccumulator(str(self.path), size_guidance={"scalars": 0, "tensors": 0})
        events.Reload()
        return events

    def curves(self):
        events = self._events()
        return {name: [(e.step, e.value) for e in events.Scalars(name)] for name in events.Tags()["scalars"]}

    def texts(self):
        events = self._events()
        tensors = {name: events.Tensors(name) for name in events.Tags()["tensors"]}
        assert all(events.SummaryMetadata(name).plugin_data.plugin_name == "text" for name in tensors)
        return {name: each[0].tensor_proto.string_val[0].decode() for name, each in tensors.items()}


class Wandb:
    def __init__(self, path):
        import wandb

        quiet = wandb.Settings(console="off", x_disable_stats=True, silent=True)
        self.run = wandb.init(dir=path, project="test", mode="offline", settings=quiet, tags=["mine"])

    def logger(self, monitor):
        return WandbLogger(monitor)

    def send(self, record):
        send_to_wandb(record, self.run)

    def _records(self, kind):
        self.run.finish()
        for _ in range(300):  # `finish` may return a moment before the file is complete
            found = list(wandb_records(self.run.settings.sync_file))
            if found and found[-1].WhichOneof("record_type") == "exit":
                return [getattr(r, kind) for r in found if r.WhichOneof("record_type") == kind]
            time.sleep(0.1)
        raise TimeoutError("W&B did not write its last record")

    def rows(self):
        return [{item.nested_key[0]: json.loads(item.value_json) for item in r.item} for r in self._records("history")]

    def curves(self):
        found = defaultdict(list)
        for row in self.rows():
            for name in row.keys() - {"flatline/step"}:
                if name.startswith("flatline/"):
                    found[name].append((row["flatline/step"], float(row[name])))
        return found

    def texts(self):
        items = [item for record in self._records("summary") for item in record.update]
        named = {(item.key or item.nested_key[0]): json.loads(item.value_json) for item in items}
        return {name: value for name, value in named.items() if name.startswith("flatline/finding")}


def wandb_records(path):
    """Read a transaction log: LevelDB's format, blocks of 32 KiB with records in one part or several."""
    from wandb.proto.wandb_internal_pb2 import Record

    data = Path(path).read_bytes()
    at, whole = 7, b""
    while at + 7 <= len(data):
        if 32768 - at % 32768 < 7:
            at += 32768 - at % 32768
            continue
        length, kind = struct.unpack_from("<HB", data, at + 4)
        whole += data[at + 7 : at + 7 + length]
        at += 7 + length
        if kind in (1, 4) and at <= len(data):  # in one part, or the last of several
            yield Record.FromString(whole)
            whole = b""


class Mlflow:
    def __init__(self, path):
        import mlflow

        mlflow.set_tracking_uri(f"sqlite:///{path}/runs.db")
        self.client = mlflow.MlflowClient()
        mlflow.create_experiment("test", artifact_location=str(path / "artifacts"))
        mlflow.set_experiment("test")
        self.id = mlflow.start_run().info.run_id

    def logger(self, monitor):
        return MlflowLogger(monitor)

    def send(self, record):
        send_to_mlflow(record, self.id)

    def curves(self):
        names = self.client.get_run(self.id).data.metrics
        return {n: [(m.step, m.value) for m in self.client.get_metric_history(self.id, n)] for n in names}

    def texts(self):
        tags = self.client.get_run(self.id).data.tags
        return {name: value for name, value in tags.items() if name.startswith("flatline/finding")}


TARGETS = {"tensorboard": TensorBoard, "wandb": Wandb, "mlflow": Mlflow}
