import Config
import Testing

@Suite struct ConfigurationTests {
  @Test func x() throws {
    for f in ["reference", "minimal", "demo"] {
      do {
        let c = try Configuration.load(path: "Config/\(f).json"); print(c.summary());
        print(c.warnings.map(\.description))
      } catch { print(error); Issue.record("\(error)") }
    }
    print(ConfigSchema.jsonSchema())
    for k in ConfigSchema.longKeys { print(k.path, k.fallback ?? "-", k.isRequired) }
  }
}
