using System.Globalization;
using System.Xml;
using Signalbox.Core;
using Signalbox.Engine.Proving;
using Signalbox.Storage;

namespace Signalbox.App.Cli;

/// <summary>A proof as JUnit XML, the form that build servers read: one test case an output.</summary>
internal static class JUnitFile
{
    /// <exception cref="UserMistakeException">The file cannot be written.</exception>
    public static void Write(string path, string pipeline, ProofReport report)
    {
        try
        {
            var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
            Directory.CreateDirectory(folder);
            using var xml = XmlWriter.Create(path, new XmlWriterSettings { Indent = true });
            var differ = report.Outputs.Count(output => !output.Same);
            var whole = report.State != VerdictState.Idempotent && differ == 0;
            xml.WriteStartElement("testsuites");
            xml.WriteStartElement("testsuite");
            xml.WriteAttributeString("name", $"verify idempotency {pipeline}");
            xml.WriteAttributeString("tests", Number(report.Outputs.Length + (whole ? 1 : 0)));
            xml.WriteAttributeString("failures", Number(differ + (whole ? 1 : 0)));
            xml.WriteAttributeString("errors", "0");
            foreach (var output in report.Outputs)
            {
                var cause = output.Cause is { } found ? $"\nlikely cause: {Names.Of(found)} ({output.Evidence})" : "";
                var detail = string.Concat(
                    (output.Rows?.Samples ?? []).Select(row => "\n" + row.ToJsonString()).Concat(output.Lines.Select(line => "\n" + line))
                );
                Case(xml, pipeline, output.Name, output.Same ? null : output.Message, output.Message + cause + detail);
            }

            if (whole)
            {
                Case(xml, pipeline, "runs", report.Message, report.Message);
            }

            xml.WriteEndElement();
            xml.WriteEndElement();
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            throw new UserMistakeException($"--junit: {path} cannot be written: {problem.Message}");
        }
    }

    private static void Case(XmlWriter xml, string pipeline, string name, string? failure, string detail)
    {
        xml.WriteStartElement("testcase");
        xml.WriteAttributeString("classname", pipeline);
        xml.WriteAttributeString("name", name);
        if (failure is not null)
        {
            xml.WriteStartElement("failure");
            xml.WriteAttributeString("message", failure);
            xml.WriteString(detail);
            xml.WriteEndElement();
        }

        xml.WriteEndElement();
    }

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);
}
