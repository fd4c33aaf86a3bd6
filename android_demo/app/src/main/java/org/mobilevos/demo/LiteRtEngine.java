package org.mobilevos.demo;

import java.lang.reflect.Method;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;
import org.mobilevos.core.Artifact;
import org.mobilevos.core.EngineException;
import org.mobilevos.core.EngineOptions;
import org.mobilevos.core.GraphSpec;
import org.mobilevos.core.OnDemandEngine;
import org.mobilevos.core.Tensor;
import org.mobilevos.core.TensorSpec;
import org.tensorflow.lite.Interpreter;
import org.tensorflow.lite.gpu.CompatibilityList;
import org.tensorflow.lite.gpu.GpuDelegate;
import org.tensorflow.lite.gpu.GpuDelegateFactory;

/** LiteRT's Interpreter with its GPU delegate. Nothing else in the app knows them. */
final class LiteRtEngine extends OnDemandEngine {
    private final EngineOptions options;
    // Names the model for the cache of kernels; another file has another name.
    private final String token;
    private boolean onGpu;
    private String fallbackReason = "";

    LiteRtEngine(Artifact artifact, EngineOptions options) {
        super(artifact);
        this.options = options;
        token = artifact.sha256;
        prepare();
    }

    @Override
    public String name() {
        return onGpu ? "litert-gpu" : "litert-cpu";
    }

    @Override
    public String fallbackReason() {
        return fallbackReason;
    }

    @Override
    protected Runner open(ByteBuffer model, boolean once) {
        if (once) {
            return new Graphs(model, options.threads, null);
        }
        fallbackReason = "";
        Runner runner = options.delegate == EngineOptions.Delegate.GPU ? openOnGpu(model) : null;
        onGpu = runner != null;
        return onGpu ? runner : new Graphs(model, options.threads, null);
    }

    /** The graphs on the GPU; null, with the reason noted, where it does not take them whole. */
    private Runner openOnGpu(ByteBuffer model) {
        GpuDelegate gpu = null;
        Graphs graphs = null;
        try {
            CompatibilityList list = new CompatibilityList();
            boolean supported = list.isDelegateSupportedOnThisDevice();
            list.close();
            if (!supported) {
                fallbackReason = "LiteRT's list of GPUs says that this phone's is not supported";
                return null;
            }
            gpu = new GpuDelegate(gpuOptions());
            graphs = new Graphs(model, options.threads, gpu);
            if (graphs.leftOnCpu() == 0) {
                return graphs;
            }
            fallbackReason = "the GPU would take only a part of the model";
        } catch (RuntimeException error) { // it does not take the model
            fallbackReason = "the GPU delegate cannot be used: " + words(error);
        } catch (LinkageError error) { // the delegate's library does not load on this phone
            fallbackReason = "the GPU delegate cannot be loaded: " + words(error);
        }
        if (graphs != null) {
            graphs.close();
        } else if (gpu != null) {
            gpu.close();
        }
        return null;
    }

    private GpuDelegateFactory.Options gpuOptions() {
        GpuDelegateFactory.Options gpuOptions = new GpuDelegateFactory.Options();
        gpuOptions.setPrecisionLossAllowed(options.halfPrecision);
        gpuOptions.setInferencePreference(options.sustainedSpeed
                ? GpuDelegateFactory.Options.INFERENCE_PREFERENCE_SUSTAINED_SPEED
                : GpuDelegateFactory.Options.INFERENCE_PREFERENCE_FAST_SINGLE_ANSWER);
        if (options.kernelCache != null) {
            gpuOptions.setSerializationParams(options.kernelCache, token);
        }
        return gpuOptions;
    }

    private static String words(Throwable error) {
        return error.getMessage() == null ? error.getClass().getSimpleName() : error.getMessage().trim();
    }

    /** An interpreter with some graphs. */
    private static final class Graphs implements Runner {
        // Filled for each run; runSignature takes maps.
        private final Map<String, Object> inputBuffers = new HashMap<String, Object>();
        private final Map<String, Object> outputBuffers = new HashMap<String, Object>();
        private final Interpreter interpreter;
        private final GpuDelegate gpu;

        /** Opens a model, which the interpreter reads where it lies and keeps; on the CPU where there is no delegate. */
        Graphs(ByteBuffer model, int threads, GpuDelegate gpu) {
            this.gpu = gpu;
            Interpreter.Options options = new Interpreter.Options().setNumThreads(threads);
            try {
                interpreter = new Interpreter(model, gpu == null ? options : options.addDelegate(gpu));
            } catch (RuntimeException error) {
                throw new EngineException(
                        "LiteRT cannot load the model (" + words(error) + "); choose another model", error);
            } catch (LinkageError error) {
                throw new EngineException("LiteRT's library does not load (" + words(error)
                        + "); install the app for this phone's processor", error);
            }
        }

        @Override
        public void run(GraphSpec graph, Map<String, Tensor> inputs, Map<String, Tensor> outputs) {
            inputBuffers.clear();
            outputBuffers.clear();
            for (int index = 0; index < graph.inputs.size(); index++) {
                put(graph.inputs.get(index), inputs, inputBuffers);
            }
            for (int index = 0; index < graph.outputs.size(); index++) {
                put(graph.outputs.get(index), outputs, outputBuffers);
            }
            try {
                interpreter.runSignature(inputBuffers, outputBuffers, graph.name);
            } catch (RuntimeException error) { // IllegalArgumentException and IllegalStateException, says LiteRT
                throw new EngineException("LiteRT cannot run graph '" + graph.name + "' (" + words(error)
                        + "); choose another delegate or model", error);
            }
        }

        private static void put(TensorSpec tensor, Map<String, Tensor> tensors, Map<String, Object> buffers) {
            ByteBuffer bytes = tensors.get(tensor.name).bytes;
            bytes.clear(); // LiteRT moves the position of what it writes to
            buffers.put(tensor.name, bytes);
        }

        /**
         * Operations of the first graph that the delegate has not taken. LiteRT leaves them on the CPU without a word, and
         * its public API does not tell; a method of its own tests does, for the first graph. Where there is none, nothing is
         * known and none is counted; vos-bench phone tells for all graphs.
         */
        int leftOnCpu() {
            try {
                Method steps = Interpreter.class.getSuperclass().getDeclaredMethod("getExecutionPlanLength");
                steps.setAccessible(true);
                return (Integer) steps.invoke(interpreter) - 1; // the delegate itself is one
            } catch (ReflectiveOperationException error) {
                return 0;
            }
        }

        @Override
        public void close() {
            interpreter.close();
            if (gpu != null) {
                gpu.close();
            }
        }
    }
}
