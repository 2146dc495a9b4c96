using System.Net;
using System.Xml.Linq;
using Microsoft.AspNetCore.Http;

namespace Signalbox.S3Server;

/// <summary>The answers that are XML.</summary>
internal static class S3Xml
{
    private static readonly XNamespace Names = "http://s3.amazonaws.com/doc/2006-03-01/";

    public static XElement Element(string name, params object?[] content) => new(Names + name, content);

    public static Task ErrorAsync(HttpContext http, HttpStatusCode status, string code, string message) =>
        SendAsync(http, new XElement("Error", new XElement("Code", code), new XElement("Message", message)), status);

    public static async Task SendAsync(HttpContext http, XElement answer, HttpStatusCode status = HttpStatusCode.OK)
    {
        http.Response.StatusCode = (int)status;
        http.Response.ContentType = "application/xml";
        if (http.Request.Method != "HEAD")
        {
            await http.Response.WriteAsync("<?xml version=\"1.0\" encoding=\"UTF-8\"?>" + answer.ToString(SaveOptions.DisableFormatting));
        }
    }

    public static IEnumerable<string> Values(byte[] body, string name) =>
        XDocument
            .Load(new MemoryStream(body))
            .Descendants()
            .Where(element => element.Name.LocalName == name)
            .Select(element => element.Value);
}
