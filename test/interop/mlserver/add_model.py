"""A model for Seldon's MLServer that adds two tensors, in the batches that MLServer makes."""

from mlserver import MLModel
from mlserver.codecs import NumpyCodec
from mlserver.types import InferenceRequest, InferenceResponse


class Add(MLModel):
    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        x, y = (NumpyCodec.decode_input(tensor) for tensor in payload.inputs)
        outputs = [NumpyCodec.encode_output("sum", x + y)]
        return InferenceResponse(id=payload.id, model_name=self.name, outputs=outputs)
