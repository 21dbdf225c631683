"""The metagraph of one subnet, read by the Bittensor SDK: reads {"url", "netuid", "rounds"}, writes milliseconds."""

import json
import sys
import time

import bittensor as bt

bt.logging.off()


def main():
    task = json.load(sys.stdin)
    subtensor = bt.Subtensor(task["url"])
    times = []
    for _ in range(task["rounds"] + 1):
        started = time.perf_counter()
        metagraph = subtensor.metagraph(task["netuid"], lite=True)
        times.append((time.perf_counter() - started) * 1000)
        assert metagraph.n.item() == task["neurons"], metagraph.n
    # The first one fetches the metadata.
    json.dump(times[1:], sys.stdout)


main()
