"""The best Python server one can write today: FastAPI on uvicorn with httptools and uvloop, btauth/1
verified by the SDK 11 with its own replay store, the model run in the same process.

Answers the Open Inference Protocol in JSON, so that it takes the bytes that the miner takes.
Usage: btauth_server.py SURI PORT FOLDER_OF_MODELS
"""

import json
import pathlib
import sys

import bittensor
import numpy
import onnxruntime
import uvicorn
from bittensor.sp_core import Keypair
from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse

suri, port, folder = sys.argv[1], int(sys.argv[2]), pathlib.Path(sys.argv[3])
hotkey = Keypair.create_from_uri(suri).ss58_address
replay = bittensor.http_auth.InMemoryNonceStore()
kinds = {"FP32": numpy.float32, "INT64": numpy.int64}


def session_of(name):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(folder / f"{name}.onnx", options)


sessions = {name: session_of(name) for name in ("light", "heavy")}
app = FastAPI()


async def authenticated(request):
    body = await request.body()
    try:
        bittensor.http_auth.verify(
            request.headers,
            body,
            method="POST",
            path=request.url.path,
            self_hotkey_ss58=hotkey,
            nonce_store=replay,
        )
    except bittensor.http_auth.AuthError as error:
        raise HTTPException(401, str(error))
    return json.loads(body)["inputs"][0]


@app.post("/v2/models/echo/infer")
async def echo(request: Request):
    given = await authenticated(request)
    return JSONResponse({"model_name": "echo", "outputs": [{**given, "name": "y"}]})


@app.post("/v2/models/{name}/infer")
async def infer(name: str, request: Request):
    given = await authenticated(request)
    values = numpy.asarray(given["data"], kinds[given["datatype"]]).reshape(given["shape"])
    session = sessions[name]
    (made,) = session.run(None, {given["name"]: values})
    output = {
        "name": session.get_outputs()[0].name,
        "datatype": "FP32",
        "shape": list(made.shape),
        "data": made.ravel().tolist(),
    }
    return JSONResponse({"model_name": name, "outputs": [output]})


uvicorn.run(
    app,
    host="127.0.0.1",
    port=port,
    loop="uvloop",
    http="httptools",
    log_level="critical",
    access_log=False,
)
