/** What of a package schema a Maven project is made from. */
interface JavaSchema {
  name: string;
  version: string;
  description: string;
  homepage: string;
  pluginDownloadURL: string;
  publisher: string;
  language: { java: { basePackage: string; dependencies: Record<string, string> } };
}

/**
 * A Maven project around the generated sources, beside the Gradle one that the generator writes: Maven alone is on most
 * machines, and a jar needs the two resources that Gradle's build script makes.
 *
 * @param schemaText text of `schema.json`
 * @returns text by path, relative to the folder of the SDK
 */
export function mavenProject(schemaText: string): Map<string, string> {
  const schema = JSON.parse(schemaText) as JavaSchema;
  const { name, version, description, homepage, pluginDownloadURL, publisher } = schema;
  const { basePackage, dependencies } = schema.language.java;
  const resources = `src/main/resources/${`${basePackage}.${name}`.replaceAll(".", "/")}`;
  const plugin = { resource: true, name, version, server: pluginDownloadURL };
  const required = Object.entries(dependencies).map(([artifact, required]) => {
    const [group, id] = artifact.split(":");
    return `    <dependency><groupId>${group}</groupId><artifactId>${id}</artifactId><version>${required}</version></dependency>`;
  });
  const pom = `<?xml version="1.0" encoding="UTF-8"?>
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>${basePackage}</groupId>
  <artifactId>${name}</artifactId>
  <version>${version}</version>
  <name>${publisher}</name>
  <description>${description}</description>
  <url>${homepage}</url>
  <licenses>
    <license>
      <name>Apache-2.0</name>
      <url>https://www.apache.org/licenses/LICENSE-2.0.txt</url>
    </license>
  </licenses>
  <scm><url>${homepage}</url></scm>
  <properties>
    <maven.compiler.release>11</maven.compiler.release>
    <project.build.sourceEncoding>UTF-8</project.build.sourceEncoding>
    <!-- There are none, and what Maven looks for them with fails in a folder whose path is not ASCII. -->
    <maven.test.skip>true</maven.test.skip>
  </properties>
  <dependencies>
${required.join("\n")}
  </dependencies>
  <build>
    <plugins>
      <plugin>
        <artifactId>maven-compiler-plugin</artifactId>
        <version>3.13.0</version>
      </plugin>
      <plugin>
        <artifactId>maven-source-plugin</artifactId>
        <version>3.3.1</version>
        <executions>
          <execution><goals><goal>jar-no-fork</goal></goals></execution>
        </executions>
      </plugin>
    </plugins>
  </build>
</project>
`;
  return new Map([
    ["pom.xml", pom],
    [`${resources}/version.txt`, version],
    [`${resources}/plugin.json`, JSON.stringify(plugin)],
  ]);
}
