import ArgumentParser
import CouncilDigest
import Foundation

struct ConfigurationCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "configuration",
    abstract: "Print the sample configuration: every key, its default, one comment.",
    discussion: "Example: council-digest configuration > config/council-digest.yaml"
  )

  /// Every command takes it; the sample depends on nothing.
  @OptionGroup var options: SharedOptions

  func run() {
    Terminal.line(ConfigurationSample.yaml.trimmingCharacters(in: .newlines))
  }
}
