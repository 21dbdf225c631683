"""Key files of the published wallets: bittensor_wallet 4.x, or the SDK from 11 on.

Reads a list of jobs from standard input, writes a list of answers.
"""

import ctypes
import json
import os
import sys

try:
    from bittensor_wallet import Keypair, Wallet

    CLASSIC = True
except ImportError:
    from bittensor.keyfiles import Keypair
    from bittensor.wallet import Wallet

    CLASSIC = False


def wallet_of(job):
    return Wallet(name=job["name"], hotkey="default", path=job["path"])


def read(job):
    """Addresses, and a signature of each key; the password comes as an argument or not at all."""
    wallet = wallet_of(job)
    coldkey = wallet.get_coldkey(job["password"]) if "password" in job else wallet.get_coldkey()
    keys = {"coldkey": coldkey, "hotkey": wallet.get_hotkey(), "coldkeypub": wallet.coldkeypub}
    return {
        name: {
            "ss58": key.ss58_address,
            **({} if name == "coldkeypub" else {"signature": bytes(key.sign(b"message")).hex()}),
        }
        for name, key in keys.items()
    }


def write(job):
    wallet = wallet_of(job)
    password = job.get("password")
    make = {"n_words": 12, "use_password": password is not None, "coldkey_password": password}
    quiet = {"suppress": True} if CLASSIC else {}
    wallet.create_new_coldkey(**make, **quiet)
    wallet.create_new_hotkey(n_words=12, use_password=False, **quiet)
    if job.get("environment"):
        return {"variable": wallet.coldkey_file.env_var_name(), **read_environment(wallet, password)}
    return {}


def read_environment(wallet, password):
    """Compiled wallets set it where Python's own copy of the environment does not see it."""
    name = wallet.coldkey_file.env_var_name()
    wallet.coldkey_file.save_password_to_env(password)
    getenv = ctypes.CDLL(None).getenv
    getenv.restype = ctypes.c_char_p
    value = getenv(name.encode())
    return {"value": os.environ.get(name) if value is None else value.decode()}


def verify(job):
    key = Keypair(ss58_address=job["ss58"])
    return {"valid": bool(key.verify(b"message", bytes.fromhex(job["signature"])))}


def run(job):
    return {"read": read, "write": write, "verify": verify}[job["do"]](job)


# The wallets print of their own accord; the answer is the only thing on standard output.
answer = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)
json.dump([run(job) for job in json.load(sys.stdin)], answer)
