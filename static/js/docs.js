// Swagger UI over the interface's description.
window.SwaggerUIBundle({ url: "/openapi.json", dom_id: "#description", deepLinking: true });
