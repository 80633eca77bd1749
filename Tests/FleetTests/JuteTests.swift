import Testing
@testable import Fleet
@Suite struct JuteTests {}
