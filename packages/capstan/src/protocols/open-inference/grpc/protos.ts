// The services as protobuf declares them. Sources: open_inference_grpc.proto of kserve/open-inference-protocol,
// the repository, statistics and the two wider parameters of Triton's grpc_service.proto, health/v1 and reflection/v1 of grpc/grpc-proto.
// Messages are written, read and described to reflection from these, but for ModelInfer's, which decode-infer.ts and
// encode-infer.ts read and write by hand.

/** A field: `type`, `repeated type`, `map type` (by text), or `oneof NAME type`. */
type Fields = Readonly<Record<string, readonly [number: number, type: string]>>;

export interface ProtoFile {
  readonly name: string;
  readonly package: string;
  /** By name; `A.B` stands inside `A`. */
  readonly messages: Readonly<Record<string, Fields>>;
  /** By name, `A.B` inside `A`, with the names of the values 0, 1, … */
  readonly enums?: Readonly<Record<string, readonly string[]>>;
  readonly service: string;
  /** By name: request, answer; `stream` before what there is any number of. */
  readonly methods: Readonly<Record<string, readonly [input: string, output: string]>>;
}

export const openInferenceProto: ProtoFile = {
  name: 'open_inference_grpc.proto',
  package: 'inference',
  messages: {
    ServerLiveRequest: {},
    ServerLiveResponse: { live: [1, 'bool'] },
    ServerReadyRequest: {},
    ServerReadyResponse: { ready: [1, 'bool'] },
    ModelReadyRequest: { name: [1, 'string'], version: [2, 'string'] },
    ModelReadyResponse: { ready: [1, 'bool'] },
    ServerMetadataRequest: {},
    ServerMetadataResponse: { name: [1, 'string'], version: [2, 'string'], extensions: [3, 'repeated string'] },
    ModelMetadataRequest: { name: [1, 'string'], version: [2, 'string'] },
    ModelMetadataResponse: {
      name: [1, 'string'],
      versions: [2, 'repeated string'],
      platform: [3, 'string'],
      inputs: [4, 'repeated ModelMetadataResponse.TensorMetadata'],
      outputs: [5, 'repeated ModelMetadataResponse.TensorMetadata'],
      properties: [6, 'map string'],
    },
    'ModelMetadataResponse.TensorMetadata': {
      name: [1, 'string'],
      datatype: [2, 'string'],
      shape: [3, 'repeated int64'],
    },
    InferParameter: {
      bool_param: [1, 'oneof parameter_choice bool'],
      int64_param: [2, 'oneof parameter_choice int64'],
      string_param: [3, 'oneof parameter_choice string'],
      double_param: [4, 'oneof parameter_choice double'],
      uint64_param: [5, 'oneof parameter_choice uint64'],
    },
    InferTensorContents: {
      bool_contents: [1, 'repeated bool'],
      int_contents: [2, 'repeated int32'],
      int64_contents: [3, 'repeated int64'],
      uint_contents: [4, 'repeated uint32'],
      uint64_contents: [5, 'repeated uint64'],
      fp32_contents: [6, 'repeated float'],
      fp64_contents: [7, 'repeated double'],
      bytes_contents: [8, 'repeated bytes'],
    },
    ModelInferRequest: {
      model_name: [1, 'string'],
      model_version: [2, 'string'],
      id: [3, 'string'],
      parameters: [4, 'map InferParameter'],
      inputs: [5, 'repeated ModelInferRequest.InferInputTensor'],
      outputs: [6, 'repeated ModelInferRequest.InferRequestedOutputTensor'],
      raw_input_contents: [7, 'repeated bytes'],
    },
    'ModelInferRequest.InferInputTensor': {
      name: [1, 'string'],
      datatype: [2, 'string'],
      shape: [3, 'repeated int64'],
      parameters: [4, 'map InferParameter'],
      contents: [5, 'InferTensorContents'],
    },
    'ModelInferRequest.InferRequestedOutputTensor': { name: [1, 'string'], parameters: [2, 'map InferParameter'] },
    ModelInferResponse: {
      model_name: [1, 'string'],
      model_version: [2, 'string'],
      id: [3, 'string'],
      parameters: [4, 'map InferParameter'],
      outputs: [5, 'repeated ModelInferResponse.InferOutputTensor'],
      raw_output_contents: [6, 'repeated bytes'],
    },
    'ModelInferResponse.InferOutputTensor': {
      name: [1, 'string'],
      datatype: [2, 'string'],
      shape: [3, 'repeated int64'],
      parameters: [4, 'map InferParameter'],
      contents: [5, 'InferTensorContents'],
    },
    RepositoryIndexRequest: { repository_name: [1, 'string'], ready: [2, 'bool'] },
    RepositoryIndexResponse: { models: [1, 'repeated RepositoryIndexResponse.ModelIndex'] },
    'RepositoryIndexResponse.ModelIndex': {
      name: [1, 'string'],
      version: [2, 'string'],
      state: [3, 'string'],
      reason: [4, 'string'],
    },
    RepositoryModelLoadRequest: { repository_name: [1, 'string'], model_name: [2, 'string'] },
    RepositoryModelLoadResponse: {},
    RepositoryModelUnloadRequest: { repository_name: [1, 'string'], model_name: [2, 'string'] },
    RepositoryModelUnloadResponse: {},
    ModelStatisticsRequest: { name: [1, 'string'], version: [2, 'string'] },
    ModelStatisticsResponse: { model_stats: [1, 'repeated ModelStatistics'] },
    ModelStatistics: {
      name: [1, 'string'],
      version: [2, 'string'],
      last_inference: [3, 'uint64'],
      inference_count: [4, 'uint64'],
      execution_count: [5, 'uint64'],
      inference_stats: [6, 'InferStatistics'],
      batch_stats: [7, 'repeated InferBatchStatistics'],
    },
    InferStatistics: {
      success: [1, 'StatisticDuration'],
      fail: [2, 'StatisticDuration'],
      queue: [3, 'StatisticDuration'],
      compute_input: [4, 'StatisticDuration'],
      compute_infer: [5, 'StatisticDuration'],
      compute_output: [6, 'StatisticDuration'],
      cache_hit: [7, 'StatisticDuration'],
      cache_miss: [8, 'StatisticDuration'],
    },
    InferBatchStatistics: {
      batch_size: [1, 'uint64'],
      compute_input: [2, 'StatisticDuration'],
      compute_infer: [3, 'StatisticDuration'],
      compute_output: [4, 'StatisticDuration'],
    },
    StatisticDuration: { count: [1, 'uint64'], ns: [2, 'uint64'] },
  },
  service: 'GRPCInferenceService',
  methods: {
    ServerLive: ['ServerLiveRequest', 'ServerLiveResponse'],
    ServerReady: ['ServerReadyRequest', 'ServerReadyResponse'],
    ModelReady: ['ModelReadyRequest', 'ModelReadyResponse'],
    ServerMetadata: ['ServerMetadataRequest', 'ServerMetadataResponse'],
    ModelMetadata: ['ModelMetadataRequest', 'ModelMetadataResponse'],
    ModelInfer: ['ModelInferRequest', 'ModelInferResponse'],
    RepositoryIndex: ['RepositoryIndexRequest', 'RepositoryIndexResponse'],
    RepositoryModelLoad: ['RepositoryModelLoadRequest', 'RepositoryModelLoadResponse'],
    RepositoryModelUnload: ['RepositoryModelUnloadRequest', 'RepositoryModelUnloadResponse'],
    ModelStatistics: ['ModelStatisticsRequest', 'ModelStatisticsResponse'],
  },
};

export const healthProto: ProtoFile = {
  name: 'grpc/health/v1/health.proto',
  package: 'grpc.health.v1',
  messages: {
    HealthCheckRequest: { service: [1, 'string'] },
    HealthCheckResponse: { status: [1, 'HealthCheckResponse.ServingStatus'] },
  },
  enums: { 'HealthCheckResponse.ServingStatus': ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'] },
  service: 'Health',
  methods: {
    Check: ['HealthCheckRequest', 'HealthCheckResponse'],
    Watch: ['HealthCheckRequest', 'stream HealthCheckResponse'],
  },
};

/** Clients ask for the older version where they know no other; both are the same but for their name. */
function reflection(version: 'v1' | 'v1alpha'): ProtoFile {
  return {
    name: `grpc/reflection/${version}/reflection.proto`,
    package: `grpc.reflection.${version}`,
    messages: {
      ServerReflectionRequest: {
        host: [1, 'string'],
        file_by_filename: [3, 'oneof message_request string'],
        file_containing_symbol: [4, 'oneof message_request string'],
        file_containing_extension: [5, 'oneof message_request ExtensionRequest'],
        all_extension_numbers_of_type: [6, 'oneof message_request string'],
        list_services: [7, 'oneof message_request string'],
      },
      ExtensionRequest: { containing_type: [1, 'string'], extension_number: [2, 'int32'] },
      ServerReflectionResponse: {
        valid_host: [1, 'string'],
        original_request: [2, 'ServerReflectionRequest'],
        file_descriptor_response: [4, 'oneof message_response FileDescriptorResponse'],
        all_extension_numbers_response: [5, 'oneof message_response ExtensionNumberResponse'],
        list_services_response: [6, 'oneof message_response ListServiceResponse'],
        error_response: [7, 'oneof message_response ErrorResponse'],
      },
      FileDescriptorResponse: { file_descriptor_proto: [1, 'repeated bytes'] },
      ExtensionNumberResponse: { base_type_name: [1, 'string'], extension_number: [2, 'repeated int32'] },
      ListServiceResponse: { service: [1, 'repeated ServiceResponse'] },
      ServiceResponse: { name: [1, 'string'] },
      ErrorResponse: { error_code: [1, 'int32'], error_message: [2, 'string'] },
    },
    service: 'ServerReflection',
    methods: { ServerReflectionInfo: ['stream ServerReflectionRequest', 'stream ServerReflectionResponse'] },
  };
}

export const reflectionProto = reflection('v1');
export const olderReflectionProto = reflection('v1alpha');
