import Config
import Control
import Logging
LoggingSystem.bootstrap { StreamLogHandler.standardError(label: $0) }
let configuration: Configuration
do { configuration = try Configuration.load(path: CommandLine.arguments.last!) } catch { print(error); throw error }
let service = try Service(configuration: configuration, logger: Logger(label: "martlet"), version: "0.1.0")
print(service.addresses, service.statsAddress as Any)
print(service.run())
