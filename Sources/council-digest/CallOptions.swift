import ArgumentParser
import CouncilDigest
import Foundation

/// What commands take that make one call of the API. People at a terminal read text, everything else JSON.
struct CallOptions: ParsableArguments {
  @OptionGroup var shared: SharedOptions
  @Flag(help: "Print JSON, as the API answers. It is the default when the output is not a terminal.") var json = false

  var printsJSON: Bool { json || isatty(STDOUT_FILENO) == 0 }

  func call(_ method: String, _ path: String, _ body: [UInt8] = []) async throws -> ControlSocket.Answer {
    let configuration = try shared.configuration()
    return try await ServiceCall(configuration).send(method, path, body)
  }

  /// - Parameter report: the answer in lines, for a terminal.
  func print(
    _ method: String,
    _ path: String,
    _ body: [UInt8] = [],
    as report: @escaping ([String: Any]) -> [String]
  ) async throws {
    try await explained {
      let answer = try await call(method, path, body)
      guard !printsJSON else { return Terminal.line(answer.text) }
      for line in report(try answer.object()) { Terminal.line(line) }
    }
  }

  func control(_ run: Int, _ verb: String) async throws {
    try await print("POST", "/api/v1/digest-runs/\(run)/\(verb)", as: RunReport.run)
  }

  /// A raw message, byte for byte.
  func printLetter(_ path: String) async throws {
    try await explained {
      FileHandle.standardOutput.write(Data(try await call("GET", path).body))
    }
  }

  /// One line that is drawn anew each second, until the run is finished or waits for a person.
  func watch(run id: Int) async throws {
    let configuration = try shared.configuration()
    try await explained {
      let service = ServiceCall(configuration)
      while true {
        let answer = try await service.send("GET", "/api/v1/digest-runs/\(id)")
        let run = try answer.object()
        if !service.isServed { Terminal.error("letters leave while `serve` runs; it does not") }
        let isOver =
          !service.isServed || run["finished_at"] is String
          || ["paused", "awaiting_approval"].contains(run["state"] as? String)
          || run["held"] as? Bool == true
        if !printsJSON { Terminal.rewriteLine(RunReport.progress(run)) }
        if isOver {
          if !printsJSON { Terminal.line("") }
          return printsJSON
            ? Terminal.line(answer.text) : RunReport.run(run).forEach(Terminal.line)
        }
        try await Task.sleep(for: .seconds(1))
      }
    }
  }
}

extension ControlSocket.Answer {
  var text: String { String(decoding: body, as: UTF8.self).trimmingCharacters(in: .newlines) }
}

func urlEncoded(_ text: String) -> String {
  let unreserved = CharacterSet(charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
  return text.addingPercentEncoding(withAllowedCharacters: unreserved) ?? text
}
