import Foundation

/// Has the API's description read, and the API held against it, by programs that nobody here wrote: openapi-spec-validator,
/// jsonschema and schemathesis, from `scripts/test-requirements.txt`.
public enum APIReader {
  /// An answer that a call of the API gave.
  public struct Answer: Encodable, Sendable {
    var operation: String
    var status: Int
    var type: String
    var body: String

    public init(_ operation: String, _ exchange: HTTPExchange) {
      self.operation = operation
      status = exchange.status
      type = exchange.field("content-type") ?? ""
      body = exchange.text
    }
  }

  /// What is wrong with the document; with its examples, held against their schemas; and with the answers, in which every
  /// member must be described.
  public static func problems(in document: [UInt8], answers: [Answer]) async throws -> [String] {
    let answers = try JSONEncoder().encode(answers)
    let input = Array("{\"document\": ".utf8) + document + Array(", \"answers\": ".utf8) + answers + Array("}".utf8)
    let read = try await Machine.run(PageReader.python, ["-c", judge], input: input)
    guard read.status == 0 else { throw TestFault("a reader objects: \(read.errors)") }
    return try JSONDecoder().decode([String].self, from: Data(read.output.utf8))
  }

  private static let judge = """
    import copy, json, sys
    from jsonschema import Draft202012Validator
    from openapi_spec_validator import OpenAPIV31SpecValidator
    given = json.load(sys.stdin)
    document = given["document"]
    problems = [e.message[:300] for e in OpenAPIV31SpecValidator(document).iter_errors()]

    def strict(node):
      if isinstance(node, dict):
        if "properties" in node: node.setdefault("additionalProperties", False)
        for child in node.values(): strict(child)
      elif isinstance(node, list):
        for child in node: strict(child)
      return node

    components = strict(copy.deepcopy(document["components"]))

    def check(name, schema, value):
      whole = {**strict(copy.deepcopy(schema)), "components": components}
      for e in Draft202012Validator(whole).iter_errors(value):
        problems.append("%s: %s: %s" % (name, "/".join(map(str, e.path)), e.message[:300]))

    responses = {}
    for path, item in document["paths"].items():
      for parameter in item.get("parameters", []): check(path, parameter["schema"], parameter["example"])
      for method in {"get", "put", "post", "patch", "delete"} & item.keys():
        call = item[method]
        name = call["operationId"]
        responses[name] = call["responses"]
        bodies = [("body", call["requestBody"])] if "requestBody" in call else []
        bodies += [(status, answer) for status, answer in call["responses"].items() if status[0] == "2"]
        for place, body in bodies:
          for kind, content in body.get("content", {}).items():
            if "example" not in content: problems.append("%s %s: no example" % (name, place))
            else: check("%s %s" % (name, place), content["schema"], content["example"])
    answered = set()
    for answer in given["answers"]:
      name, status = answer["operation"], str(answer["status"])
      described = responses[name].get(status)
      if described is None or status[0] != "2":
        problems.append("%s answered %s: %s" % (name, status, answer["body"][:300]))
        continue
      answered.add(name)
      content = described.get("content", {})
      if answer["type"] not in (content or [""]): problems.append("%s is %s" % (name, answer["type"]))
      elif answer["type"] == "application/json":
        check(name, content["application/json"]["schema"], json.loads(answer["body"]))
    problems += ["%s was not called" % name for name in responses.keys() - answered]
    print(json.dumps(problems))
    """

  /// Has schemathesis call a service in every way that the document allows, and in many that it does not.
  /// - Parameter examples: how many made-up calls for each operation, beside those for the edges of every schema.
  /// - Returns: what it reports when something was answered that the document does not say, or with a 5xx.
  public static func objections(to service: RunningService, examples: Int) async throws -> String? {
    let folder = try TemporaryFolder()
    try Data(serializers.utf8).write(to: folder.url.appending(path: "serializers.py"))
    try Data(settings.utf8).write(to: folder.url.appending(path: "schemathesis.toml"))
    let checks = [
      "not_a_server_error", "status_code_conformance", "content_type_conformance", "response_schema_conformance",
      "response_headers_conformance",
    ]
    let read = try await Machine.run(
      "/bin/sh",
      [
        // It keeps a folder where it is started.
        "-c", "cd \"$0\" && exec \"$@\"", folder.path, PageReader.python,
        "-m", "schemathesis.cli", "--config-file", folder.file("schemathesis.toml"), "run",
        "http://127.0.0.1:\(service.port)/api/openapi.json", "--header", "Authorization: Bearer \(RunningService.key)",
        "--phases", "examples,coverage,fuzzing", "--max-examples", "\(examples)", "--seed", "1",
        "--checks", checks.joined(separator: ","), "--continue-on-failure", "--no-color", "--warnings", "off",
        // They are about how fast examples are found, not about the service.
        "--suppress-health-check", "all",
      ],
      environment: [
        "PATH": "/usr/bin:/bin", "HOME": folder.path, "PYTHONPATH": folder.path, "SCHEMATHESIS_HOOKS": "serializers",
      ]
    )
    return read.status == 0 ? nil : read.output + read.errors
  }

  /// How a text of a kind that schemathesis does not know goes over the wire.
  private static let serializers = """
    import schemathesis
    def text(context, value):
      return value if isinstance(value, bytes) else str(value).encode(errors="replace")
    for kind in ("application/x-ndjson", "message/rfc822", "text/csv"):
      schemathesis.serializer(kind)(text)
    """

  /// All methods but TRACE: the server knows it nowhere, and answers what RFC 9110 §15.6.2 has for that, 501.
  private static let settings = """
    [phases.coverage]
    unexpected-methods = ["GET", "PUT", "POST", "DELETE", "OPTIONS", "PATCH"]
    """
}
