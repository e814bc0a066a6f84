import ArgumentParser
import CouncilDigest
import Foundation
import Logging

/// What every command takes.
struct SharedOptions: ParsableArguments {
  @Option(
    name: .customLong("config"),
    help: "The configuration file. Default: config/council-digest.yaml, if it exists."
  )
  var file: String?

  /// Ends the process with 78 (EX_CONFIG) when the configuration is wrong, naming the key.
  func configuration() throws -> Configuration {
    do {
      return try Configuration.load(file: file)
    } catch let problem as ConfigurationProblem {
      Terminal.error("configuration: \(problem)")
      throw ExitCode(78)
    }
  }
}

enum Terminal {
  static func error(_ text: String) {
    FileHandle.standardError.write(Data("council-digest: \(text)\n".utf8))
  }

  /// Lines appear at once even when standard output is a file or a pipe.
  static func line(_ text: String) {
    FileHandle.standardOutput.write(Data((text + "\n").utf8))
  }

  /// Draws over the line before, on a terminal.
  static func rewriteLine(_ text: String) {
    FileHandle.standardOutput.write(Data("\r\u{1B}[2K\(text)".utf8))
  }

  /// As above on standard error, when that is a terminal: for progress of a command whose output may go elsewhere.
  static func rewriteErrorLine(_ text: String) {
    guard isatty(STDERR_FILENO) == 1 else { return }
    FileHandle.standardError.write(Data("\r\u{1B}[2K\(text)".utf8))
  }
}

/// Runs the body of a command; what it throws becomes a sentence and exit code 1.
func explained(_ body: () async throws -> Void) async throws {
  do {
    try await body()
  } catch let exit as ExitCode {
    throw exit
  } catch let problem as ConfigurationProblem {
    Terminal.error("configuration: \(problem)")
    throw ExitCode(78)
  } catch {
    Terminal.error("\(error)")
    throw ExitCode(1)
  }
}

func standardLog(_ configuration: Configuration, level: Logger.Level? = nil) -> Logger {
  Logger(label: "council-digest") { _ in
    LineLog(configuration.logFormat, level: level ?? configuration.logLevel)
  }
}
