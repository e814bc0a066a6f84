import ArgumentParser
import CouncilDigest
import Foundation

struct ConfigurationCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "configuration",
    abstract: "Print the sample configuration: every key, its default, one comment."
  )

  func run() {
    Terminal.line(ConfigurationSample.yaml.trimmingCharacters(in: .newlines))
  }
}
