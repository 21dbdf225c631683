"""Reads a Triton model configuration (text form, on standard input as a JSON string) by Triton's own
schema; prints it as JSON, with the names that are meant. A field that there is not is an error."""

import json
import sys

from google.protobuf import json_format, text_format
from tritonclient.grpc import model_config_pb2

config = model_config_pb2.ModelConfig()
text_format.Parse(json.load(sys.stdin), config)
print(json_format.MessageToJson(config, preserving_proto_field_name=True))
