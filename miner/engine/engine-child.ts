/**
 * The model process: runs one ONNX model for the miner that spawned it. It exists because `run()`
 * blocks its event loop for as long as it computes, and because a process, unlike a worker thread,
 * can be killed while it computes.
 */
import { loadModel } from './ort-session.ts';
import { serveEngine } from './serve-engine.ts';

serveEngine(loadModel);
