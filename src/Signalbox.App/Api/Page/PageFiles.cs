using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Signalbox.App.Api;

/// <summary>The page: files that were built with the program, beside it.</summary>
/// <remarks>
/// The names of files in <c>assets</c> hold a hash of what is in them, so browsers keep them for ever; everything else they ask for anew. An
/// address that is neither a file nor of the API is a view of the page, which the page itself knows.
/// </remarks>
internal static class PageFiles
{
    private const string Entry = "index.html";
    private const string Assets = "assets/";

    private static readonly Dictionary<string, string> Types = new(StringComparer.Ordinal)
    {
        [".html"] = "text/html; charset=utf-8",
        [".js"] = "text/javascript; charset=utf-8",
        [".css"] = "text/css; charset=utf-8",
        [".svg"] = "image/svg+xml",
        [".woff2"] = "font/woff2",
        [".woff"] = "font/woff",
    };

    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "page");

    public static void Map(IEndpointRouteBuilder routes) =>
        routes
            .MapGet("/{**path}", (string? path, HttpContext context) => Answer(path ?? "", context))
            .AllowAnonymous()
            .ExcludeFromDescription();

    private static IResult Answer(string path, HttpContext context)
    {
        var isAsset = path.StartsWith(Assets, StringComparison.Ordinal);
        if (path.StartsWith("api/", StringComparison.Ordinal) || (isAsset && Find(path) is null))
        {
            return Results.NotFound();
        }

        var name = Find(path) is null ? Entry : path;
        if (Find(name) is not { } file)
        {
            return Results.Text(
                "The page was not built with this program: run it as ./signalbox, which builds both. Everything on it is also in the command line.\n",
                statusCode: StatusCodes.Status404NotFound
            );
        }

        var headers = context.Response.Headers;
        headers.CacheControl = isAsset ? "public, max-age=31536000, immutable" : "no-cache";
        headers.Vary = "Accept-Encoding";
        if (
            context.Request.Headers.AcceptEncoding.ToString().Contains("gzip", StringComparison.OrdinalIgnoreCase)
            && File.Exists(file + ".gz")
        )
        {
            headers.ContentEncoding = "gzip";
            file += ".gz";
        }

        return Results.File(file, Types[Path.GetExtension(name)]);
    }

    /// <summary>A file of the page that is of a kind that browsers are sent; null when there is none of that name in the folder.</summary>
    private static string? Find(string name)
    {
        var file = Path.GetFullPath(Path.Combine(Folder, name));
        return
            Types.ContainsKey(Path.GetExtension(name))
            && file.StartsWith(Folder + Path.DirectorySeparatorChar, StringComparison.Ordinal)
            && File.Exists(file)
            ? file
            : null;
    }
}
