using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.OpenApi;
using Signalbox.App.Serve;

namespace Signalbox.App.Api;

/// <summary>The OpenAPI document of the API, made from its addresses when somebody asks for it.</summary>
internal static class ApiDescription
{
    public static void AddTo(IServiceCollection services) =>
        services.AddOpenApi(options =>
        {
            options.OpenApiVersion = OpenApiSpecVersion.OpenApi3_1;
            // Airflow's interfaces have their own specifications.
            options.ShouldInclude = address =>
                address.RelativePath is { } path
                && path.StartsWith("api/", StringComparison.Ordinal)
                && !path.StartsWith("api/v1/", StringComparison.Ordinal)
                && !path.StartsWith("api/v2/", StringComparison.Ordinal);
            options.AddDocumentTransformer(
                (document, _, _) =>
                {
                    document.Info = new OpenApiInfo
                    {
                        Title = "Signalbox",
                        Version = Cli.AppVersion.Number,
                        Description =
                            "Everything that the command line does, for programs. Lists are read page by page with `limit` and `after`; what is "
                            + "no success is a problem (RFC 9457).",
                    };
                    // Where it is served is known to who asked.
                    document.Servers = [];
                    document.Components ??= new OpenApiComponents();
                    document.Components.SecuritySchemes = new Dictionary<string, IOpenApiSecurityScheme>(StringComparer.Ordinal)
                    {
                        ["token"] = new OpenApiSecurityScheme
                        {
                            Type = SecuritySchemeType.Http,
                            Scheme = "bearer",
                            Description = "`signalbox tokens create NAME` makes one",
                        },
                    };
                    document.Security = [new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference("token", document)] = [] }];
                    return Task.CompletedTask;
                }
            );
        });

    public static void Map(IEndpointRouteBuilder routes) => routes.MapOpenApi(Routes.OpenApi).AllowAnonymous();
}
