import { InferenceSession } from 'onnxruntime-node';
import { errors } from '#kernel/errors';

export const session = [InferenceSession, errors];
