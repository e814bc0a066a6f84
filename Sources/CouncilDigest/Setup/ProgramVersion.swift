/// Which release this is. The newest heading of CHANGELOG.md says the same; a test holds them together.
public enum ProgramVersion {
  public static let name = "unreleased"
}
