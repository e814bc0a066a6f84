/// What is wrong with the configuration: the key, and a sentence.
public struct ConfigurationProblem: Error, Equatable, CustomStringConvertible, Sendable {
  public var key: String
  public var problem: String

  public var description: String { "\(key): \(problem)" }
}
