"""The metagraph of one subnet, read by the Bittensor SDK: reads {"url", "netuid", "neurons"}, then reads
once for each further line, and answers with its milliseconds."""

import json
import sys
import time

import bittensor as bt

bt.logging.off()


def main():
    task = json.loads(sys.stdin.readline())
    subtensor = bt.Subtensor(task["url"])
    for _ in sys.stdin:
        started = time.perf_counter()
        metagraph = subtensor.metagraph(task["netuid"], lite=True)
        took = (time.perf_counter() - started) * 1000
        assert metagraph.n.item() == task["neurons"], metagraph.n
        print(took, flush=True)


main()
