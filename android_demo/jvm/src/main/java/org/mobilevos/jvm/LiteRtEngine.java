package org.mobilevos.jvm;

import java.nio.ByteBuffer;
import org.mobilevos.core.Artifact;
import org.mobilevos.core.EngineOptions;
import org.mobilevos.core.OnDemandEngine;

/**
 * The real LiteRT on the CPU of a desktop machine, for tests and drawings: the app's core runs the same artifacts here.
 */
public final class LiteRtEngine extends OnDemandEngine {
    private final LiteRt runtime;
    private final EngineOptions options;

    LiteRtEngine(LiteRt runtime, Artifact artifact, EngineOptions options) {
        super(artifact);
        this.runtime = runtime;
        this.options = options;
        prepare();
    }

    @Override
    public String name() {
        return "litert-cpu";
    }

    @Override
    public String fallbackReason() {
        return options.delegate == EngineOptions.Delegate.CPU ? "" : "on a desktop machine the CPU runs the graphs";
    }

    @Override
    protected Runner open(ByteBuffer model, boolean once) {
        return new CompiledModel(runtime, model, options.threads);
    }
}
